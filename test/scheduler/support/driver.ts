import type { Notice } from '../../../daemon/api/notice.js';
import type { ObservedContainer } from '../../../daemon/model/observed.js';
import type { ProjectSpec, ServiceId, ServiceSpec } from '../../../daemon/model/spec.js';
import { decide } from '../../../daemon/scheduler/decide.js';
import type { Policy } from '../../../daemon/scheduler/policy/policy.js';
import type { Action, Answer, Event, UseSeen } from '../../../daemon/scheduler/state/event.js';
import type { ServiceState } from '../../../daemon/scheduler/state/service-state.js';
import type { Step, StepOf } from '../../../daemon/scheduler/state/step.js';
import type { Gateway } from '../../../daemon/scheduler/state/wiring.js';
import { EMPTY_WORLD, type World } from '../../../daemon/scheduler/state/world.js';
import { observed } from './specs.js';

/** Drives `decide` by hand: events in, steps out. Time moves only when told. */
export class Driver {
  world: World = EMPTY_WORLD;
  now = 0;
  steps: readonly Step[] = [];
  notices: readonly Notice[] = [];
  /** What a look at the use of a service finds. */
  readonly busy = new Set<ServiceId>();
  readonly vetoes = new Set<ServiceId>();
  /** What a service says to hold it. */
  readonly held = new Map<ServiceId, string>();
  readonly bytes = new Map<ServiceId, number>();
  /** What the engine shows of a container beyond its definition. */
  shows: (spec: ServiceSpec) => Partial<ObservedContainer> = () => ({});
  gateways: readonly Gateway[] = [];
  served: readonly string[] = [];
  /** Given, and not carried out yet. */
  private readonly due: Step[] = [];
  private serial = 0;

  constructor(readonly policy: Policy) {}

  send(event: Event): this {
    const decision = decide(this.world, event, this.policy, this.now);
    this.world = decision.world;
    this.steps = decision.steps;
    this.due.push(...decision.steps);
    this.notices = decision.notices;
    return this;
  }

  boot(...containers: ObservedContainer[]): this {
    return this.send({ kind: 'observed', containers, asOf: this.world.version });
  }

  act(action: Action): Answer {
    const decision = decide(this.world, { kind: 'action', action }, this.policy, this.now);
    this.world = decision.world;
    this.steps = decision.steps;
    this.due.push(...decision.steps);
    this.notices = decision.notices;
    if (!decision.answer) throw new Error('no answer');
    return decision.answer;
  }

  up(spec: ProjectSpec, services: readonly string[] | null = null): Answer {
    return this.act({ kind: 'up', spec, services, recreate: false });
  }

  kinds(): string[] {
    return this.steps.map(step => ('id' in step ? `${step.kind} ${step.id.split('/')[1]}` : step.kind));
  }

  stepsOf<K extends Step['kind']>(kind: K): StepOf<K>[] {
    return this.steps.filter((step): step is StepOf<K> => step.kind === kind);
  }

  state(id: string): ServiceState {
    const entry = this.world.services.get(id as 'a/b');
    if (!entry) throw new Error(`no service ${id}`);
    return entry.state;
  }

  /** Carries out the steps given, and those that follow, as an engine does that never fails; returns all of their names. */
  settle(): string[] {
    const done: string[] = [];
    for (let step = this.due.shift(); step; step = this.due.shift()) {
      done.push('id' in step ? `${step.kind} ${step.id.split('/')[1]}` : step.kind);
      for (const event of this.outcome(step)) this.send(event);
    }
    return done;
  }

  /** Carries out the first of the steps given; the steps that follow from it are in `steps`. */
  settleOne(): void {
    this.steps = [];
    const step = this.due.shift();
    for (const event of step ? this.outcome(step) : []) this.send(event);
  }

  private seen(id: ServiceId): UseSeen {
    const use = this.world.services.get(id)?.use;
    return {
      id,
      connections: use?.connections ?? 0,
      holding: use?.holding ?? false,
      moving: use?.moving ?? false,
      execs: use?.execs ?? 0,
      lastByteAt: this.bytes.get(id) ?? null,
    };
  }

  private outcome(step: Step): Event[] {
    switch (step.kind) {
      case 'ensureImage':
        return [{ kind: 'imageReady', id: step.id, attempt: step.attempt }];
      case 'launch': {
        const container = observed(step.spec, { id: `${step.spec.name}-${++this.serial}`, limit: step.grant, ...this.shows(step.spec) });
        return [{ kind: 'launched', id: step.id, attempt: step.attempt, container }];
      }
      case 'probe':
        return [{ kind: 'ready', id: step.id, attempt: step.attempt, readiness: { kind: 'checked' } }];
      case 'stop':
        return [{ kind: 'stopped', id: step.id, container: step.container, exit: { code: 0, oom: false } }];
      case 'remove':
        return [{ kind: 'removed', id: step.id, container: step.container }];
      case 'freeze':
      case 'thaw':
        return [{ kind: 'frozenChanged', id: step.id, container: step.container, frozen: step.kind === 'freeze', failure: null }];
      case 'resize':
        return [{ kind: 'resized', id: step.id, container: step.container, grant: step.to, refused: null }];
      case 'checkUse':
        return [
          {
            kind: 'useChecked',
            id: step.id,
            container: step.container,
            seen: this.seen(step.id),
            busy: this.busy.has(step.id),
            vetoed: this.vetoes.has(step.id),
            heldBy: this.held.get(step.id) ?? null,
          },
        ];
      case 'openListeners':
        return [
          {
            kind: 'listenersOpened',
            project: step.project,
            serial: step.serial,
            gateways: this.gateways,
            served: this.served,
            failures: [],
          },
        ];
      case 'clearProject':
        return [{ kind: 'projectCleared', project: step.project, failure: null }];
      default:
        return [];
    }
  }
}
