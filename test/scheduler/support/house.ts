import type { HostSample } from '../../../daemon/model/host-sample.js';
import { canSleep } from '../../../daemon/model/listeners.js';
import { type ServiceId, serviceId } from '../../../daemon/model/spec.js';
import { type Decision, nextDeadline } from '../../../daemon/scheduler/decide.js';
import type { Policy } from '../../../daemon/scheduler/policy/policy.js';
import type { Event, UseSeen } from '../../../daemon/scheduler/state/event.js';
import type { Step } from '../../../daemon/scheduler/state/step.js';
import type { World } from '../../../daemon/scheduler/state/world.js';
import { GiB } from '../../../daemon/shared/bytes.js';
import { failure } from '../../../daemon/shared/failure.js';
import type { Ms } from '../../../daemon/shared/span.js';
import type { Random } from './random.js';
import { type Box, Simulation } from './simulation.js';

/** How often steps fail, and how long they take at most. */
export interface Weather {
  readonly failures: number;
  readonly longest: Ms;
}

interface Pending {
  readonly step: Step;
  readonly due: Ms;
}

/** What tells that the host is short of memory. */
export type Signs = 'available' | 'psi' | 'refaults';

const HOST_TOTAL = 16 * GiB;
const AVAILABLE = { none: 0.5, soft: 0.06, hard: 0.02 };
const PSI = { none: { some10: 0.5, full10: 0 }, soft: { some10: 25, full10: 8 }, hard: { some10: 60, full10: 40 } };
/** Less often than a daemon: most decisions of a trace should be about something else. */
const SAMPLES = { calm: 10_000, near: 2_000 };
/** More events than this without time passing is a loop. */
const BUSY = 500;

/** A machine with services that people connect to: steps take time, working sets change, the clock moves by itself. */
export class House extends Simulation {
  /** As the listeners would tell. */
  readonly uses = new Map<ServiceId, UseSeen>();
  /** Working sets as shares of the standard; by service. */
  readonly loads = new Map<ServiceId, number>();
  hostLevel: 'none' | 'soft' | 'hard' = 'none';
  signs: Signs = 'available';
  engineAway = false;
  weather: Weather = { failures: 0, longest: 1_000 };
  private readonly pending: Pending[] = [];
  private sampledAt = 0;
  private refaults = 0;

  constructor(
    policy: Policy,
    readonly random: Random,
    private readonly watch: (house: House, before: World, event: Event, decision: Decision) => void,
  ) {
    super(policy, () => undefined);
  }

  protected override decided(before: World, event: Event, decision: Decision): void {
    this.watch(this, before, event, decision);
  }

  /** Time passes: what is due ends, deadlines come, and what runs is sampled, as a daemon would have it. */
  pass(span: Ms): void {
    const end = this.now + span;
    for (let busy = 0; ; busy++) {
      if (busy > BUSY + span / 100) throw new Error('it is busy without end');
      this.take();
      const step = this.pending.reduce<Pending | null>((first, each) => (first && first.due <= each.due ? first : each), null);
      const deadline = nextDeadline(this.world, this.policy) ?? Number.POSITIVE_INFINITY;
      const sampling = this.nextSample();
      const next = Math.min(step?.due ?? Number.POSITIVE_INFINITY, Math.max(this.now + 1, deadline), sampling);
      if (next > end) break;
      this.now = Math.max(this.now, next);
      if (step && step.due <= next) this.end(step);
      else if (sampling <= next) this.sample();
      else this.send({ kind: 'tick' });
    }
    this.now = end;
  }

  /** The machine sleeps: time passes, and nothing else does. */
  suspend(span: Ms): void {
    this.now += span;
    this.sampledAt = this.now;
    for (const [index, each] of this.pending.entries()) this.pending[index] = { ...each, due: each.due + span };
    this.send({ kind: 'resumed' });
  }

  /** Nothing is under way. */
  get isStill(): boolean {
    return this.pending.length === 0 && this.inFlight.length === 0;
  }

  override killDaemon(chance: () => boolean): void {
    this.take();
    for (const { step } of this.pending.splice(0)) if (chance()) this.effect(step, true);
    this.uses.clear();
    super.killDaemon(chance);
  }

  leaveEngine(): void {
    this.engineAway = true;
    this.send({ kind: 'engineLost' });
  }

  /** With its containers as it left them, or stopped. */
  returnEngine(stopped: boolean): void {
    if (stopped) for (const box of this.boxes.values()) box.running = false;
    this.engineAway = false;
    this.look();
  }

  override look(): void {
    if (!this.engineAway) super.look();
  }

  /** A client says something, and perhaps waits for an answer. */
  visit(id: ServiceId, holding: boolean): void {
    this.use(id, { connections: 1, holding, lastByteAt: this.now });
    const entry = this.world.services.get(id);
    const reached = entry?.state.kind === 'running' && !entry.state.frozen;
    if (entry && canSleep(entry.spec) && !reached) this.send({ kind: 'wakeRequested', id });
  }

  use(id: ServiceId, change: Partial<UseSeen>): void {
    const seen = { ...this.seen(id), ...change };
    this.uses.set(id, seen);
    if (this.world.services.has(id)) this.send({ kind: 'used', uses: [seen] });
  }

  /** It asks for a limit, or has loaded something that takes such a share of what it has. */
  say(id: ServiceId, wants: number | null, share: number): void {
    const state = this.world.services.get(id)?.state;
    const box = state?.kind === 'running' ? this.boxes.get(state.container) : undefined;
    if (!box?.running) return;
    const holds = wants === null ? Math.floor(share * box.grant) : 0;
    this.send({ kind: 'memoryReported', id, container: box.id, report: { wants, holds, loading: null, model: null } });
  }

  sample(): void {
    this.sampledAt = this.now;
    const services = [...this.world.services].flatMap(([id, { state }]) => {
      if (state.kind !== 'running') return [];
      const box = this.boxes.get(state.container);
      if (!box?.running) return [];
      return [{ id, container: box.id, workingSet: this.workingSet(box), cpu: this.uses.get(id)?.holding ? this.now * 1e6 : 0 }];
    });
    this.send({ kind: 'sampled', services, host: this.host() });
  }

  private host(): HostSample {
    const { hostLevel: level, signs, now } = this;
    if (signs === 'refaults' && level !== 'none') this.refaults += 100;
    return {
      at: now,
      total: HOST_TOTAL,
      available: Math.floor(AVAILABLE[signs === 'available' ? level : 'none'] * HOST_TOTAL),
      psi: signs === 'psi' ? PSI[level] : null,
      swapIn: null,
      refaults: signs === 'refaults' ? this.refaults : null,
    };
  }

  workingSet(box: Box): number {
    const load = this.loads.get(serviceId(box.spec.project, box.spec.name)) ?? 0.5;
    return Math.min(box.grant, Math.floor(load * box.spec.memory.standard));
  }

  private nextSample(): Ms {
    const runs = [...this.boxes.values()].some(box => box.running);
    const level = this.world.host.pressure.level;
    if (!runs && level === 'none') return Number.POSITIVE_INFINITY;
    return this.sampledAt + (level !== 'none' || this.hostLevel !== 'none' ? SAMPLES.near : SAMPLES.calm);
  }

  private take(): void {
    for (const step of this.inFlight.splice(0)) this.pending.push({ step, due: this.now + this.random.between(1, this.weather.longest) });
  }

  private end(pending: Pending): void {
    this.pending.splice(this.pending.indexOf(pending), 1);
    for (const event of this.effect(pending.step, !this.random.chance(this.weather.failures))) this.send(event);
    this.take();
  }

  private seen(id: ServiceId): UseSeen {
    return this.uses.get(id) ?? { id, connections: 0, holding: false, moving: false, execs: 0, lastByteAt: null };
  }

  protected override effect(step: Step, succeeds: boolean): Event[] {
    if (this.engineAway) return this.unanswered(step);
    switch (step.kind) {
      case 'resize':
        return this.resize(step, succeeds);
      case 'checkUse': {
        const vetoed = step.veto !== null && !succeeds;
        return [
          { kind: 'useChecked', id: step.id, container: step.container, seen: this.seen(step.id), busy: false, vetoed, heldBy: null },
        ];
      }
      case 'openListeners':
        return [this.openListeners(step, succeeds)];
      case 'stop': {
        const events = super.effect(step, succeeds);
        if (this.boxes.get(step.container)?.running !== true && this.uses.has(step.id)) {
          // Its connections have ended; who waits for the next start is counted still.
          this.uses.set(step.id, { ...this.seen(step.id), connections: 0, holding: false, moving: false, execs: 0 });
          return [{ kind: 'used', uses: [this.seen(step.id)] }, ...events];
        }
        return events;
      }
      case 'probe':
        if (this.boxes.get(step.seen.id)?.running) return super.effect(step, succeeds);
        return [];
      default:
        return super.effect(step, succeeds);
    }
  }

  /** The kernel takes what is not used; a limit below the working set is refused, or stops short of what was asked. */
  private resize(step: Extract<Step, { kind: 'resize' }>, succeeds: boolean): Event[] {
    const box = this.boxes.get(step.container);
    if (!box?.running) return [{ kind: 'resized', id: step.id, container: step.container, grant: step.from, refused: 'it does not run' }];
    const isLower = step.to < box.grant;
    const grant = succeeds || !isLower ? step.to : this.random.pick([box.grant, Math.ceil((box.grant + step.to) / 2)]);
    box.grant = grant;
    return [{ kind: 'resized', id: step.id, container: step.container, grant, refused: grant === step.to ? null : 'it uses more' }];
  }

  private openListeners(step: Extract<Step, { kind: 'openListeners' }>, succeeds: boolean): Event {
    const names =
      this.world.projects
        .get(step.project)
        ?.spec.services.filter(canSleep)
        .map(({ name }) => name) ?? [];
    const isServed = this.random.chance(0.7);
    const failed = succeeds ? [] : names.slice(0, 1);
    return {
      kind: 'listenersOpened',
      project: step.project,
      serial: step.serial,
      gateways: isServed ? [{ network: 'default', address: '10.0.0.1', subnets: ['10.0.0.0/24'] }] : [],
      served: isServed ? names : [],
      failures: failed.map(name => ({ id: serviceId(step.project, name), failure: failure('port-taken', 'somebody listens there') })),
    };
  }

  private unanswered(step: Step): Event[] {
    const value = failure('engine-unavailable', 'the engine is away');
    switch (step.kind) {
      case 'ensureImage':
      case 'launch':
        return [{ kind: 'startFailed', id: step.id, attempt: step.attempt, failure: value, container: null, running: false }];
      case 'probe':
        return [{ kind: 'startFailed', id: step.id, attempt: step.attempt, failure: value, container: step.seen.id, running: true }];
      case 'stop':
        return [{ kind: 'stopFailed', id: step.id, container: step.container, failure: value }];
      case 'remove':
        return [{ kind: 'removeFailed', id: step.id, container: step.container, failure: value }];
      case 'resize':
        return [{ kind: 'resized', id: step.id, container: step.container, grant: step.from, refused: value.message }];
      case 'freeze':
      case 'thaw':
        return [{ kind: 'frozenChanged', id: step.id, container: step.container, frozen: step.kind === 'freeze', failure: value }];
      case 'clearProject':
        return [{ kind: 'projectCleared', project: step.project, failure: value }];
      case 'checkUse':
        return [
          { kind: 'useChecked', id: step.id, container: step.container, seen: this.seen(step.id), busy: true, vetoed: false, heldBy: null },
        ];
      case 'openListeners':
        return [this.openListeners(step, true)];
      case 'readLogTail':
        return [{ kind: 'logTail', id: step.id, container: step.container, lines: [] }];
      default:
        return [];
    }
  }
}
