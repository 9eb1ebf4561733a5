import { createHash } from 'node:crypto';
import { type ServiceId, serviceId } from '../../../daemon/model/spec.js';
import type { Decision } from '../../../daemon/scheduler/decide.js';
import type { Eviction } from '../../../daemon/scheduler/eviction/preemption.js';
import type { Event } from '../../../daemon/scheduler/state/event.js';
import { held, isActive } from '../../../daemon/scheduler/state/service-state.js';
import type { StepOf } from '../../../daemon/scheduler/state/step.js';
import type { World } from '../../../daemon/scheduler/state/world.js';
import { formatBytes } from '../../../daemon/shared/bytes.js';
import type { Ms } from '../../../daemon/shared/span.js';
import type { House } from './house.js';

/** What a client may wait at most, with all that can come in between in these traces: its patience, then a start with its crashes. */
const LONGEST_WAIT: Ms = 8 * 60_000;

/** Looks at each decision of a trace, and knows only what it has seen. */
export class Watcher {
  readonly counts = { served: 0, refused: 0, evictions: 0, shrinks: 0, freezes: 0, granted: 0, denied: 0 };
  private readonly digest = createHash('sha1');
  private readonly isHashed: boolean;
  private readonly evictions: Eviction[] = [];
  private readonly launched = new Set<string>();
  private readonly byUser = new Set<ServiceId>();
  private readonly waiting = new Map<ServiceId, Ms>();

  /** `isHashed`: steps are written out for `hash`, which takes a tenth of a trace's time. */
  constructor(isHashed = false) {
    this.isHashed = isHashed;
  }

  readonly look = (house: House, before: World, event: Event, decision: Decision): void => {
    if (event.kind === 'action') this.noteStops(decision.world);
    if (this.isHashed && decision.steps.length > 0) this.digest.update(JSON.stringify([house.now, event.kind, decision.steps]));
    budgetHolds(house);
    this.refusalsChangeNothing(before, event, decision);
    for (const step of decision.steps) {
      if (step.kind === 'stop' && !this.byUser.has(step.id)) stopIsRight(step, before, decision.world);
      if (step.kind === 'launch') this.launchIsRight(step, decision.world);
      if (step.kind === 'answerMemoryRequest') this.answerIsRight(house, step, decision.world);
      if (step.kind === 'resize') fitsWhatIsLoaded(step, before, decision.world);
      if (step.kind === 'freeze') this.counts.freezes++;
      if (step.kind === 'resize' && step.to < step.from) this.counts.shrinks++;
    }
    this.evictionsAreFew(house, before, decision);
    this.nobodyIsForgotten(house, event, decision.world);
    askersAreAnswered(house, decision.world);
  };

  /** Of all steps, when they were given, and for what. */
  hash(): string {
    if (!this.isHashed) throw new Error('nothing was written out for a hash');
    return this.digest.copy().digest('hex');
  }

  /** A daemon was killed: what it had counted, and its clients, are gone. */
  forget(): void {
    this.evictions.length = 0;
    this.launched.clear();
    this.waiting.clear();
  }

  /** What an action leaves unwanted, though it runs or starts, the user has stopped, whatever comes after. */
  private noteStops(world: World): void {
    for (const [id, { desired: want, state }] of world.services) {
      if (want !== 'up' && isActive(state)) this.byUser.add(id);
      else if (!isActive(state)) this.byUser.delete(id);
    }
  }

  private refusalsChangeNothing(before: World, event: Event, { world, answer, steps, notices }: Decision): void {
    if (answer && !answer.ok) {
      if (steps.length > 0 || notices.length > 0) throw new Error('a refused action has left something behind');
      for (const [id, entry] of world.services)
        if (before.services.get(id) !== entry) throw new Error(`a refused action has changed ${id}`);
    }
    for (const { kind, project, service } of notices) {
      if (kind !== 'refused') continue;
      this.counts.refused++;
      const id = serviceId(project, service ?? '');
      const taken = notices.find(each => each.kind === 'stopping' && each.data.reason === 'preempted' && each.data.by.includes(id));
      if (taken) throw new Error(`${id} is refused (${event.kind}), and ${taken.service} stopped for it`);
      if (world.evictions.some(({ by, at }) => by === id && !before.evictions.some(old => old.by === by && old.at === at)))
        throw new Error(`${id} is refused, and somebody evicted for it`);
    }
  }

  private launchIsRight({ id, attempt }: StepOf<'launch'>, world: World): void {
    if (world.host.pressure.level !== 'none') throw new Error(`${id} is started while the host is under pressure`);
    if (this.launched.has(`${id} ${attempt}`)) throw new Error(`${id} is started twice in one attempt`);
    this.launched.add(`${id} ${attempt}`);
  }

  /** A limit that was asked for is answered once, when the container has it. */
  private answerIsRight({ boxes }: House, { id, container, bytes, refusal }: StepOf<'answerMemoryRequest'>, world: World): void {
    if (world.services.get(id)?.memoryRequest?.isAnswered !== true) throw new Error(`${id} was answered, and will be again`);
    this.counts[refusal === null ? 'granted' : 'denied']++;
    const limit = boxes.get(container)?.grant ?? 0;
    if (refusal === null && limit < bytes)
      throw new Error(`${id} was told that it has ${formatBytes(bytes)}; its limit is ${formatBytes(limit)}`);
  }

  private evictionsAreFew({ now, policy }: House, before: World, { world, notices }: Decision): void {
    const { thrashWindow, thrashLimit } = policy.relief;
    for (const eviction of world.evictions) if (!before.evictions.includes(eviction)) this.evictions.push(eviction);
    this.counts.evictions += notices.filter(({ kind, data }) => kind === 'stopping' && data.reason === 'preempted').length;
    for (const { victim, by } of this.evictions) {
      const between = this.evictions.filter(
        each => now - each.at < thrashWindow && [each.victim, each.by].includes(victim) && [each.victim, each.by].includes(by),
      );
      if (between.length > thrashLimit) throw new Error(`${victim} and ${by} have evicted each other ${between.length} times`);
    }
    while (this.evictions[0] && now - this.evictions[0].at >= thrashWindow) this.evictions.shift();
  }

  private nobodyIsForgotten({ now, engineAway }: House, event: Event, world: World): void {
    if (event.kind === 'resumed') for (const id of this.waiting.keys()) this.waiting.set(id, now);
    if (event.kind === 'wakeRequested' && !this.waiting.has(event.id)) this.waiting.set(event.id, now);
    for (const [id, { state, wakeRequest, awake, desired }] of world.services)
      if (wakeRequest !== null && state.kind === 'running' && !state.frozen && awake && desired === 'up')
        throw new Error(`${id} runs, and its clients are kept waiting`);
    for (const [id, since] of this.waiting) {
      const entry = world.services.get(id);
      const isServed = entry?.state.kind === 'running' && !entry.state.frozen && entry.awake && entry.wakeRequest === null;
      // Whether a failed start has been undone only the engine can say.
      if (engineAway && entry?.state.kind === 'stopping') this.waiting.set(id, now);
      if (isServed) this.counts.served++;
      const isTold = entry?.desired !== 'up' || (entry.wakeRequest === null && (entry.state.kind === 'failed' || entry.refusal !== null));
      if (isServed || isTold || entry.state.kind === 'completed') this.waiting.delete(id);
      else if (now - since > LONGEST_WAIT)
        throw new Error(`${id} is waited for since ${now - since} ms: ${JSON.stringify({ ...entry, spec: null })}`);
      else if (entry.wakeRequest === null && !entry.awake) throw new Error(`${id} is waited for, and nobody knows`);
    }
  }
}

/** I1 Σ standard ≤ B, I2 Σ grant ≤ B, I3 standard ≤ grant ≤ maximum, of what is decided and of what really runs. */
export function budgetHolds({ world, policy: { budget }, boxes }: House): void {
  let [grants, standards] = [0, 0];
  for (const [id, { state, spec }] of world.services) {
    const grant = held(state);
    grants += grant;
    if (grant === 0 || state.kind === 'stopping') continue;
    // What was started by another definition than today's holds what that one was admitted with, until it is made anew.
    const isOld = (state.kind === 'running' || state.kind === 'starting') && state.hash !== spec.configHash;
    standards += isOld ? Math.min(grant, spec.memory.standard) : spec.memory.standard;
    if (isOld) continue;
    if (grant < spec.memory.standard || grant > spec.memory.maximum) throw new Error(`I3: ${id} holds ${formatBytes(grant)}`);
  }
  if (standards > budget) throw new Error(`I1: standards ${formatBytes(standards)} of ${formatBytes(budget)}`);
  if (grants > budget) throw new Error(`I2: grants ${formatBytes(grants)} of ${formatBytes(budget)}`);
  let limits = 0;
  const seen = new Set<string>();
  for (const { running, grant, spec } of boxes.values()) {
    if (!running) continue;
    limits += grant;
    const name = `${spec.project}/${spec.name}`;
    if (seen.has(name)) throw new Error(`${name} runs twice`);
    seen.add(name);
    if (grant < spec.memory.standard || grant > spec.memory.maximum) throw new Error(`I3: the limit of ${name} is ${formatBytes(grant)}`);
  }
  if (limits > budget) throw new Error(`the limits of what runs are ${formatBytes(limits)} of ${formatBytes(budget)}`);
}

/** Nobody who is used, or starts, is stopped but by the user, for a failed start, or because it could not be let go on. */
function stopIsRight({ id }: StepOf<'stop'>, before: World, world: World): void {
  const [was, is] = [before.services.get(id), world.services.get(id)];
  if (was === undefined || is?.state.kind !== 'stopping' || is.desired !== 'up') return;
  if (was.state.kind === 'stopping' || is.state.after.kind !== 'sleep') return;
  if (was.state.kind === 'starting') throw new Error(`${id} is stopped while it starts`);
  const isFrozen = was.state.kind === 'running' && was.state.frozen;
  if (!isFrozen && (is.use.holding || is.use.execs > 0)) throw new Error(`${id} is stopped while it is used`);
}

/** What is loaded stays below the limit. */
function fitsWhatIsLoaded({ id, from, to }: StepOf<'resize'>, before: World, world: World): void {
  const word = world.services.get(id)?.memoryReport ?? before.services.get(id)?.memoryReport;
  if (word && to < from && to < word.holds)
    throw new Error(`${id} holds ${formatBytes(word.holds)}, and its limit goes to ${formatBytes(to)}`);
}

/** Whoever asks for a limit hears within its patience and the time that stopping others takes. */
function askersAreAnswered({ now, engineAway }: House, world: World): void {
  for (const [id, { memoryRequest: ask, state }] of world.services) {
    if (
      engineAway ||
      ask === null ||
      ask.isAnswered ||
      state.kind !== 'running' ||
      state.container !== ask.container ||
      state.resizing !== null
    )
      continue;
    if (now > ask.until + LONGEST_WAIT) throw new Error(`${id} has asked for ${formatBytes(ask.bytes)} since ${now - ask.since} ms`);
  }
}
