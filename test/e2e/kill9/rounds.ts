import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { FailureError } from '../../../daemon/shared/failure.js';
import type { Home } from '../support/home.js';
import { patience } from '../support/until.js';
import { DaemonProcess } from './daemon.js';
import { look, readDiary } from './facts.js';
import { breaches, type Expected, faults } from './faults.js';
import { type Ask, after, describeAsk, type Intent, NOTHING, randomAsks } from './intent.js';
import type { Random } from './random.js';

/** A new daemon that has not everything as wanted by then, in ms from the start of its process, never will. */
const CONVERGES_EVER = 30_000;
/** Between two looks at the engine. */
const LOOK_EVERY = 40;

/** Told of the daemon's log after a failure. */
const LOG_LINES = 60;

export interface Stage extends Omit<Expected, 'volume'> {
  readonly home: Home;
  readonly project: string;
  /** Bytes. */
  readonly budget: number;
  readonly random: Random;
  /** The daemon's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** One project under a daemon that is killed again and again; holds what the daemon is to have remembered. */
export class Rounds {
  /** Several only while nobody can know whether an ask had been accepted. */
  private intents: readonly Intent[] = [NOTHING];
  private diary = '';
  private readonly story: string[] = [];
  /** ms from the start of each daemon until all was as wanted. */
  readonly times: number[] = [];

  private constructor(
    private readonly stage: Stage,
    private daemon: DaemonProcess,
  ) {}

  static async begin(stage: Stage): Promise<Rounds> {
    return new Rounds(stage, await DaemonProcess.start(stage.home, stage.env));
  }

  /** Asks, kills, starts anew, and holds the new daemon to what the old one has accepted. */
  async round(): Promise<void> {
    const { random } = this.stage;
    this.story.length = 0;
    for (let left = 1 + random.below(3); left > 1; left--) {
      await this.ask(randomAsks(random));
      await pause(random.below(300));
    }
    const last = this.ask(randomAsks(random));
    await this.killWithin(random.chance(0.15) ? 6 : random.chance(0.25) ? 1_500 : 400);
    await last;
    if (random.chance(0.3)) {
      await this.startAnew();
      await this.killWithin(600);
    }
    const since = performance.now();
    await this.startAnew();
    await this.converged(since);
    this.times.push(performance.now() - since);
    await this.compareDiary();
  }

  /** The last ask: nothing of the project is to be left but its data. */
  async end(): Promise<void> {
    this.story.length = 0;
    await this.ask([{ kind: 'down' }]);
    await this.converged(performance.now());
    await this.stop();
  }

  async stop(): Promise<void> {
    await this.daemon.kill();
  }

  /** What happened in this round, and what the daemon wrote last. */
  tell(): string {
    const log = readFileSync(`${this.stage.home.stateDir}/daemon.log`, 'utf8')
      .split('\n')
      .filter(line => !line.includes('"request"'));
    const wanted = this.intents.map(each => JSON.stringify(each)).join(' or ');
    return [...this.story, `wanted: ${wanted}`, ...log.slice(-LOG_LINES)].join('\n');
  }

  private async startAnew(): Promise<void> {
    this.daemon = await DaemonProcess.start(this.stage.home, this.stage.env);
    this.story.push(`daemon ${this.daemon.pid} started`);
  }

  private async killWithin(limit: number): Promise<void> {
    const delay = this.stage.random.next() * limit;
    await pause(delay);
    await this.daemon.kill();
    this.story.push(`killed after ${delay.toFixed(1)} ms`);
  }

  /** Several at once reach the daemon in an order that nobody knows. */
  private async ask(asks: readonly Ask[]): Promise<void> {
    const sent = await Promise.all(asks.map(async ask => ({ ask, at: Date.now(), outcome: await this.send(ask) })));
    this.story.push(sent.map(({ ask, outcome }) => `${describeAsk(ask)}: ${outcome}`).join(' with '));
    const refused = sent.find(({ outcome }) => !['accepted', 'unknown', 'not-found'].includes(outcome));
    if (refused) throw new Error(`${describeAsk(refused.ask)} was refused: ${refused.outcome}`);
    this.intents = [sent, [...sent].reverse()].flatMap(order => order.reduce(outcomes, this.intents));
  }

  /** `unknown`: killed before its answer came. Else the code of the refusal. */
  private async send(ask: Ask): Promise<string> {
    const { home, project, specs } = this.stage;
    try {
      for await (const _ of call(home, project, ask, specs)) {
        // The plan; nothing else is waited for.
      }
      return 'accepted';
    } catch (error) {
      if (!(error instanceof FailureError)) return 'unknown';
      return error.failure.code === 'daemon-unavailable' ? 'unknown' : error.failure.code;
    }
  }

  private async converged(since: number): Promise<void> {
    const { home, project } = this.stage;
    const deadline = since + patience(CONVERGES_EVER);
    for (let agreed: Intent | null = null; ; await pause(LOOK_EVERY)) {
      const facts = await look(home, project);
      const broken = breaches(facts, this.stage.budget);
      if (broken.length > 0) throw new Error(broken.join('; '));
      const expected = { ...this.stage, volume: this.diary !== '' };
      const found = this.intents.map(intent => ({ intent, faults: faults(facts, intent, expected) }));
      const fit = found.find(each => each.faults.length === 0)?.intent ?? null;
      // Twice in a row: one look may fall between two steps.
      if (fit && agreed === fit) {
        this.intents = [fit];
        return;
      }
      agreed = fit;
      if (performance.now() > deadline)
        throw new Error(`not as wanted ${patience(CONVERGES_EVER)} ms after the start of the daemon:\n${text(found)}`);
    }
  }

  /** What was written to the volume is still there, and only added to. */
  private async compareDiary(): Promise<void> {
    const { containers } = await look(this.stage.home, this.stage.project);
    const [container] = containers;
    if (!container) return;
    const now = await readDiary(container.id).catch(() => '');
    if (!now.startsWith(this.diary)) throw new Error(`data was lost: the diary was\n${this.diary}\nand is\n${now}`);
    this.diary = now;
  }
}

interface Sent {
  readonly ask: Ask;
  readonly at: number;
  readonly outcome: string;
}

/** What may be wanted after one more ask. */
function outcomes(intents: readonly Intent[], { ask, at, outcome }: Sent): readonly Intent[] {
  if (outcome === 'not-found') return intents;
  const accepted = intents.map(intent => after(intent, ask, at));
  return outcome === 'accepted' ? accepted : [...intents, ...accepted];
}

function call(home: Home, project: string, ask: Ask, specs: Stage['specs']) {
  if (ask.kind === 'up') {
    const { services, recreate } = ask;
    return home.client.act(project, 'up', { spec: specs[ask.variant], services, recreate });
  }
  return ask.kind === 'down' ? home.client.act(project, 'down', {}) : home.client.act(project, ask.kind, { services: ask.services });
}

function text(found: readonly { readonly intent: Intent; readonly faults: readonly string[] }[]): string {
  return found.map(each => each.faults.map(fault => `  ${fault}`).join('\n')).join('\n or\n');
}
