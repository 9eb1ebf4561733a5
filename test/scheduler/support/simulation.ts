import type { ObservedContainer } from '../../../daemon/model/observed.js';
import type { ServiceId, ServiceSpec } from '../../../daemon/model/spec.js';
import { type Decision, decide, nextDeadline } from '../../../daemon/scheduler/decide.js';
import type { Policy } from '../../../daemon/scheduler/policy/policy.js';
import type { Action, Answer, Event } from '../../../daemon/scheduler/state/event.js';
import { intentOf } from '../../../daemon/scheduler/state/restore.js';
import type { Step } from '../../../daemon/scheduler/state/step.js';
import { EMPTY_WORLD, type World } from '../../../daemon/scheduler/state/world.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { failure } from '../../../daemon/shared/failure.js';
import { observed } from './specs.js';

const SILENCE = failure('engine-timeout', 'no answer');

export interface Box {
  readonly spec: ServiceSpec;
  readonly id: string;
  grant: number;
  running: boolean;
  frozen: boolean;
  exitCode: number;
}

/** An engine that takes its time: steps wait here until they are let through, in any order, with success or without. */
export class Simulation {
  world: World = EMPTY_WORLD;
  now = 0;
  readonly boxes = new Map<string, Box>();
  readonly inFlight: Step[] = [];
  /** What the state file has. */
  private kept: ReturnType<typeof intentOf> = [];
  private serial = 0;

  constructor(
    readonly policy: Policy,
    private readonly check: (simulation: Simulation) => void,
  ) {}

  send(event: Event): Answer | null {
    const before = this.world;
    const decision = decide(before, event, this.policy, this.now);
    this.world = decision.world;
    this.decided(before, event, decision);
    for (const step of decision.steps) {
      if (step.kind === 'persist') this.kept = intentOf(this.world);
      else this.inFlight.push(step);
    }
    this.check(this);
    return decision.answer;
  }

  /** For those that look at more than the world. */
  protected decided(_before: World, _event: Event, _decision: Decision): void {}

  act(action: Action): Answer | null {
    const before = this.world;
    const answer = this.send({ kind: 'action', action });
    if (answer && !answer.ok && this.world.services.size !== before.services.size) throw new Error('a refusal changed the world');
    return answer;
  }

  look(): void {
    this.send({ kind: 'observed', containers: [...this.boxes.values()].map(show), asOf: this.world.version });
  }

  /** The daemon is killed; what the engine was doing for it is done or not; a new one reads the state file and looks. */
  killDaemon(chance: () => boolean): void {
    for (const step of this.inFlight.splice(0)) if (chance()) this.effect(step, true);
    this.world = EMPTY_WORLD;
    this.send({ kind: 'restored', projects: this.kept });
    this.look();
  }

  loseEngine(): void {
    this.send({ kind: 'engineLost' });
    for (const box of this.boxes.values()) box.running = false;
    this.look();
  }

  /** Time passes up to the next deadline, if there is one. */
  wait(): void {
    this.now = Math.max(this.now + 100, nextDeadline(this.world, this.policy) ?? 0);
    this.send({ kind: 'tick' });
  }

  /** The main process of the nth running container ends. */
  die(nth: number, exitCode: number, prelude: 'none' | 'oom' | 'killed'): void {
    const running = [...this.boxes.values()].filter(box => box.running);
    const box = running[nth % Math.max(1, running.length)];
    if (!box) return;
    if (prelude === 'oom') this.send({ kind: 'engine', event: { kind: 'oom', id: box.id, at: this.now } });
    if (prelude === 'killed') this.send({ kind: 'engine', event: { kind: 'killed', id: box.id, at: this.now, signal: 15 } });
    box.running = false;
    box.exitCode = exitCode;
    this.send({ kind: 'engine', event: { kind: 'died', id: box.id, at: this.now, exitCode } });
  }

  /** `docker restart` of the nth running container. */
  restart(nth: number): void {
    const running = [...this.boxes.values()].filter(box => box.running);
    const box = running[nth % Math.max(1, running.length)];
    if (!box) return;
    this.send({ kind: 'engine', event: { kind: 'killed', id: box.id, at: this.now, signal: 15 } });
    box.running = false;
    this.send({ kind: 'engine', event: { kind: 'died', id: box.id, at: this.now, exitCode: 0 } });
    this.send({ kind: 'engine', event: { kind: 'stopped', id: box.id, at: this.now } });
    if (!this.boxes.has(box.id)) return;
    box.running = true;
    this.send({ kind: 'engine', event: { kind: 'started', id: box.id, at: this.now } });
  }

  /** The nth step under way ends. */
  finish(nth: number, succeeds: boolean): void {
    const [step] = this.inFlight.splice(nth % Math.max(1, this.inFlight.length), 1);
    if (step) for (const event of this.effect(step, succeeds)) this.send(event);
  }

  protected effect(step: Step, succeeds: boolean): Event[] {
    const lost = failure('engine-error', 'the engine would not');
    switch (step.kind) {
      case 'ensureImage':
        if (!succeeds) return [{ ...common(step), kind: 'startFailed', failure: lost, container: null, running: false }];
        return [{ ...common(step), kind: 'imageReady' }];
      case 'launch':
        return this.launch(step, succeeds);
      case 'probe': {
        if (!this.boxes.get(step.seen.id)?.running) return [];
        if (!succeeds) return [{ ...common(step), kind: 'startFailed', failure: lost, container: step.seen.id, running: true }];
        return [{ ...common(step), kind: 'ready', readiness: { kind: 'checked' } }];
      }
      case 'stop':
        return this.stop(step.id, step.container, succeeds);
      case 'remove':
        if (!succeeds) return [{ kind: 'removeFailed', id: step.id, container: step.container, failure: SILENCE }];
        this.boxes.delete(step.container);
        return [{ kind: 'removed', id: step.id, container: step.container }];
      case 'discard':
        this.boxes.delete(step.container);
        return [];
      case 'list':
        return [{ kind: 'observed', containers: [...this.boxes.values()].map(show), asOf: this.world.version }];
      case 'clearProject':
        if (!succeeds) return [{ kind: 'projectCleared', project: step.project, failure: SILENCE }];
        return [{ kind: 'projectCleared', project: step.project, failure: null }];
      case 'answerMemoryRequest':
        return [];
      case 'readLogTail':
        return [{ kind: 'logTail', id: step.id, container: step.container, lines: ['bye'] }];
      case 'freeze':
      case 'thaw': {
        const box = this.boxes.get(step.container);
        const failed = succeeds && box?.running ? null : lost;
        if (box && !failed) box.frozen = step.kind === 'freeze';
        return [{ kind: 'frozenChanged', id: step.id, container: step.container, frozen: step.kind === 'freeze', failure: failed }];
      }
      case 'resize': {
        const box = this.boxes.get(step.container);
        const limit = succeeds ? step.to : step.from;
        if (box) box.grant = limit;
        return [{ kind: 'resized', id: step.id, container: step.container, grant: limit, refused: succeeds ? null : 'would not' }];
      }
      case 'checkUse': {
        const use = this.world.services.get(step.id)?.use;
        const seen = { id: step.id, connections: 0, holding: use?.holding ?? false, moving: false, execs: 0, lastByteAt: null };
        return [{ kind: 'useChecked', id: step.id, container: step.container, seen, busy: !succeeds, vetoed: false, heldBy: null }];
      }
      case 'openListeners':
        return [{ kind: 'listenersOpened', project: step.project, serial: step.serial, gateways: [], served: [], failures: [] }];
      case 'reclaim': {
        const [before, after] = [
          { free: 0, cache: 100 * MiB },
          { free: 90 * MiB, cache: 10 * MiB },
        ];
        return [{ kind: 'reclaimed', windows: false, before, after: succeeds ? after : before, why: succeeds ? null : 'needs root' }];
      }
      case 'persist':
        return [];
    }
  }

  private launch(step: Extract<Step, { kind: 'launch' }>, succeeds: boolean): Event[] {
    if (!succeeds) {
      const value = failure('engine-error', 'the engine would not');
      return [{ ...common(step), kind: 'startFailed', failure: value, container: step.previous, running: false }];
    }
    if (step.previous !== null) this.boxes.delete(step.previous);
    const box: Box = { spec: step.spec, id: `${step.id}#${++this.serial}`, grant: step.grant, running: true, frozen: false, exitCode: 0 };
    this.boxes.set(box.id, box);
    return [
      { kind: 'engine', event: { kind: 'started', id: box.id, at: this.now } },
      { ...common(step), kind: 'launched', container: show(box) },
    ];
  }

  private stop(id: ServiceId, container: string, succeeds: boolean): Event[] {
    const box = this.boxes.get(container);
    if (!succeeds && box?.running) return [{ kind: 'stopFailed', id, container, failure: failure('engine-timeout', 'no answer') }];
    if (!box) return [{ kind: 'stopped', id, container, exit: null }];
    const wasRunning = box.running;
    box.running = false;
    const died: Event = { kind: 'engine', event: { kind: 'died', id: container, at: this.now, exitCode: 0 } };
    return [...(wasRunning ? [died] : []), { kind: 'stopped', id, container, exit: { code: 0, oom: false } }];
  }
}

function common(step: { readonly id: ServiceId; readonly attempt: number }) {
  return { id: step.id, attempt: step.attempt };
}

function show(box: Box): ObservedContainer {
  return observed(box.spec, {
    id: box.id,
    limit: box.grant,
    status: !box.running ? 'exited' : box.frozen ? 'paused' : 'running',
    exitCode: box.running ? null : box.exitCode,
    health: box.running ? 'healthy' : 'none',
  });
}
