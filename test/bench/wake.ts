import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { COLUMNS, quantile, summary, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { IMAGE } from './support/project.js';
import { profileOf } from './support/recorder.js';
import { type Bare, nameOf, openSleepers, type Sleeper, type SleeperPlan, type Wake } from './support/sleepers.js';

/** What a wake through the daemon takes longer than the engine's start and the service's own readiness; of what is frozen in all, ms. */
const GOAL_P50 = 15;
const GOAL_P95 = 50;
const GOAL_FROZEN = 40;
const WARM_UP = 2;

const PLANS: readonly Omit<SleeperPlan, 'aside'>[] = [
  { service: 'instant', freezes: false },
  { service: 'redis', freezes: false },
  { service: 'postgres', freezes: false },
  { service: 'api', freezes: false },
  { service: 'instant', freezes: true },
  { service: 'redis', freezes: true },
];

interface Options {
  readonly samples?: string;
  /** Each request to the engine. */
  readonly profile?: string;
  /** 0: nobody asks past the daemon in the same wake, so that pairs do the same work. */
  readonly aside?: string;
  /** One alone: `redis`, `redis-frozen`. */
  readonly only?: string;
}

/**
 * From connect to the first byte of the answer: through the daemon, and by the engine's start and tries every ms on a container made
 * like the service's own. Pairs, each way first in turn. Both have the swings of the engine and of the service in them; `overhead
 * inside` has not: it is, in one wake, the time until the daemon asks the engine, and from the first byte that the container gives
 * somebody who asks it directly to the first byte through the daemon.
 */
export async function run({ samples = '20', profile = '', only = '', aside = '1' }: Options): Promise<void> {
  await tinyImage(ENGINE, IMAGE);
  const sleepers = await openSleepers();
  const version = () => sleepers.home.client.version();
  try {
    console.log(machineLine(await version()));
    const plans = PLANS.map(plan => ({ ...plan, aside: aside !== '0' }));
    for (const plan of plans.filter(each => only === '' || nameOf(each) === only)) {
      await sleepers.with(plan, async sleeper => {
        const pairs = await measure(sleeper, Number(samples));
        report(plan, pairs);
        if (profile !== '') console.log(profileOf(pairs.ours));
      });
    }
    console.log(`\nafter: ${machineLine(await version())}`);
  } finally {
    await sleepers.close();
    await removeImage(ENGINE, IMAGE);
  }
}

interface Pairs {
  readonly ours: Wake[];
  readonly engines: Bare[];
}

async function measure(sleeper: Sleeper, samples: number): Promise<Pairs> {
  const pairs: Pairs = { ours: [], engines: [] };
  for (let round = -WARM_UP; round < samples; round++) {
    const first = round % 2 === 0 ? await sleeper.ours() : null;
    const bare = await sleeper.engines();
    const timed = first ?? (await sleeper.ours());
    if (round < 0) continue;
    pairs.ours.push(timed);
    pairs.engines.push(bare);
  }
  return pairs;
}

function report({ service, freezes, aside }: SleeperPlan, { ours, engines }: Pairs): void {
  const verb = freezes ? 'unpause' : 'start';
  const parts = ours.map(timed => partsOf(timed, `POST containers ${verb}`));
  const total = ours.map(({ ms }) => ms);
  const bare = engines.map(({ request, after }) => request + after);
  const differences = total.map((ms, index) => ms - (bare[index] ?? 0));
  const inside = ours.map(({ begin, ms, servedAt }, index) => (parts[index]?.before ?? 0) + begin + ms - servedAt);
  const rows: [string, readonly number[]][] = [
    ['laptop-dev', total],
    ['engine and tries', bare],
    ['difference of pairs', differences],
    ['the same, engine against itself', bare.slice(1).map((ms, index) => ms - (bare[index] ?? 0))],
    [`laptop-dev: until the ${verb}`, parts.map(({ before }) => before)],
    [`laptop-dev: from its answer on`, parts.map(({ after }) => after)],
    ['engine: from its answer on', engines.map(({ after }) => after)],
    ['of it, to ask for the address', engines.map(({ inspect }) => inspect)],
    ['overhead inside', inside],
  ];
  const shown = rows.filter(([name]) => !(freezes && /from its|of it/.test(name)) && ((aside && !freezes) || !/inside/.test(name)));
  const text = table(
    ['', ...COLUMNS],
    shown.map(([name, values]) => [name, ...summary(values)]),
  );
  console.log(`\n${service}, ${freezes ? 'frozen' : 'asleep'}, ms, ${ours.length} pairs\n${text}`);
  if (freezes) return console.log(verdict('p95 of a wake', quantile(total, 0.95), GOAL_FROZEN, 'ms'));
  console.log(verdict('p50 of the differences', quantile(differences, 0.5), GOAL_P50, 'ms'));
  console.log(verdict('p95 of the differences', quantile(differences, 0.95), GOAL_P95, 'ms'));
  if (!aside) return;
  console.log(verdict('p50 of the overhead inside', quantile(inside, 0.5), GOAL_P50, 'ms'));
  console.log(verdict('p95 of the overhead inside', quantile(inside, 0.95), GOAL_P95, 'ms'));
}

function partsOf({ ms, begin, calls }: Wake, what: string): { readonly before: number; readonly after: number } {
  const call = calls.find(each => each.what === what);
  if (!call) throw new Error(`a wake without ${what}: ${calls.map(each => each.what).join(', ')}`);
  return { before: call.sent - begin, after: begin + ms - call.answered };
}
