import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { type Arena, openArena } from './support/arena.js';
import { COLUMNS, quantile, summary, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';
import { IMAGE } from './support/project.js';
import { profileOf, type Timed } from './support/recorder.js';

/** p95 of what a start through the daemon takes longer than the engine itself, ms. */
const GOAL = 20;
/** The overhead inside, as a share of the engine's own start, %: an engine takes four times as long on one machine as on another. */
const SHARE_P50 = 3;
const SHARE_P95 = 7;
const WARM_UP = 3;

/** Two ways to the same end. Each leaves things as it found them. */
interface Contest {
  readonly title: string;
  /** The daemon's requests that the engine needs for it in any case; all others are overhead. */
  readonly needed: readonly string[];
  readonly ours: () => Promise<Timed>;
  readonly engines: () => Promise<number>;
}

/**
 * How much `start` adds to the engine's own create and start: same container options, A B A B … in one run. Overhead is told in two
 * ways: as the difference of pairs, which has the engine's own spread in it twice (what that alone makes is seen where the engine
 * runs against itself), and inside each of our starts, as its time less that of the engine's requests.
 */
export async function run({ samples = '20', profile = '' }: { readonly samples?: string; readonly profile?: string }): Promise<void> {
  await tinyImage(ENGINE, IMAGE);
  const arena = await openArena();
  try {
    console.log(machineLine(await arena.version()));
    for (const contest of contests(arena)) await compare(contest, Number(samples), profile !== '');
    console.log(`\nafter: ${machineLine(await arena.version())}`);
  } finally {
    await arena.close();
    await removeImage(ENGINE, IMAGE);
  }
}

function contests({ plain, checked }: Arena): readonly Contest[] {
  const needed = ['POST containers create', 'POST containers start'];
  const check = ['POST containers exec', 'POST exec start', 'GET exec json'];
  return [
    { title: 'create + start, no health check', needed, ours: plain.fresh, engines: plain.engineFresh },
    { title: 'start of a stopped container, no health check', needed, ours: plain.again, engines: plain.engineAgain },
    {
      title: 'create + start + first health check passed',
      needed: [...needed, ...check],
      ours: checked.fresh,
      engines: checked.engineFresh,
    },
  ];
}

async function compare({ title, needed, ours, engines }: Contest, samples: number, profile: boolean): Promise<void> {
  const a: Timed[] = [];
  const b: number[] = [];
  for (let round = -WARM_UP; round < samples; round++) {
    const mine = await ours();
    const theirs = await engines();
    if (round < 0) continue;
    a.push(mine);
    b.push(theirs);
  }
  const total = a.map(({ ms }) => ms);
  const differences = total.map((ms, index) => ms - (b[index] ?? 0));
  const inside = a.map(({ ms, calls }) => ms - spent(calls, needed));
  const itself = b.slice(1).map((ms, index) => ms - (b[index] ?? 0));
  const rows = [
    ['laptop-dev', ...summary(total)],
    ['engine alone', ...summary(b)],
    ['difference of pairs', ...summary(differences)],
    ['the same, engine against itself', ...summary(itself)],
    ['overhead inside', ...summary(inside)],
  ];
  console.log(`\n${title}, ms, ${samples} pairs\n${table(['', ...COLUMNS], rows)}`);
  console.log(verdict('p95 of the overhead inside', quantile(inside, 0.95), GOAL, 'ms'));
  const share = (at: number): number => (100 * quantile(inside, at)) / quantile(b, at);
  console.log(verdict('p50 of the overhead inside, of the engine’s own start', share(0.5), SHARE_P50, '%'));
  console.log(verdict('p95 of the overhead inside, of the engine’s own start', share(0.95), SHARE_P95, '%'));
  console.log(verdict('p95 of the differences', quantile(differences, 0.95), GOAL, 'ms'));
  console.log(verdict('p95 less the engine’s p95', quantile(total, 0.95) - quantile(b, 0.95), GOAL, 'ms'));
  if (profile) console.log(profileOf(a));
}

function spent(calls: Timed['calls'], kinds: readonly string[]): number {
  return calls.filter(call => kinds.includes(call.what)).reduce((sum, call) => sum + call.answered - call.sent, 0);
}
