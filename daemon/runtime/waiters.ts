import { type ServiceId, serviceId } from '../model/spec.js';
import { isActive } from '../scheduler/state/service-state.js';
import type { World } from '../scheduler/state/world.js';
import { type Failure, failure } from '../shared/failure.js';
import type { WaitGoal } from './supervisor.js';

/** Where services stand towards a goal: reached (null), not yet (undefined), or out of reach (the failure). Pure. */
export function standing(world: World, ids: readonly ServiceId[], goal: WaitGoal): Failure | null | undefined {
  let waiting = false;
  for (const id of ids) {
    const one = goal === 'up' || goal === 'awake' ? towardsUp(world, id, goal) : towardsDown(world, id, goal);
    if (one) return one;
    if (one === undefined) waiting = true;
  }
  return waiting ? undefined : null;
}

function towardsUp(world: World, id: ServiceId, goal: 'up' | 'awake'): Failure | null | undefined {
  const entry = world.services.get(id);
  if (entry?.desired !== 'up') return failure('cancelled', `${id} was stopped before it was ready.`, {}, ['laptop-dev up starts it again']);
  if (entry.wakeRequest !== null) return undefined;
  if (entry.state.kind === 'failed') return rootCause(world, id);
  if (entry.refusal !== null) return entry.refusal;
  if (!entry.awake) return goal === 'up' && world.projects.get(entry.spec.project)?.listeners.kind === 'open' ? null : undefined;
  if (goal === 'awake') return entry.state.kind === 'running' && !entry.state.frozen ? null : undefined;
  return entry.state.kind === 'running' || entry.state.kind === 'completed' ? null : undefined;
}

/**
 * A dependant that waits in vain is not the news: what its dependency failed of is. Undefined: the last log lines of that are
 * still being read. Chains have no cycles (`up` refuses them).
 */
function rootCause(world: World, id: ServiceId): Failure | undefined {
  const state = world.services.get(id)?.state;
  if (state?.kind !== 'failed' || state.logTailDue) return undefined;
  const { code, details } = state.failure;
  const cause = code === 'dependency-failed' ? serviceId(id.split('/')[0] ?? '', details.dependency) : id;
  return cause !== id && world.services.get(cause)?.state.kind === 'failed' ? rootCause(world, cause) : state.failure;
}

function towardsDown(world: World, id: ServiceId, goal: 'down' | 'gone'): Failure | null | undefined {
  const entry = world.services.get(id);
  if (!entry) return world.projects.get(id.split('/')[0] ?? '')?.leaving ? undefined : null;
  if (entry.desired === 'up')
    return failure('cancelled', `${id} was started again meanwhile.`, {}, ['laptop-dev ps shows where it stands']);
  if (isActive(entry.state)) return undefined;
  // The engine's event of a removal may come before its answer: until then nothing has been tidied up.
  return goal === 'gone' && (entry.container !== null || entry.desired === 'gone') ? undefined : null;
}

interface Waiter {
  readonly ids: readonly ServiceId[];
  readonly goal: WaitGoal;
  readonly done: (outcome: Failure | null) => void;
}

/** Those who wait for services to get somewhere. Looked at after each decision; nobody polls. */
export class Waiters {
  private readonly waiting = new Set<Waiter>();

  update(world: World): void {
    for (const waiter of [...this.waiting]) {
      const outcome = standing(world, waiter.ids, waiter.goal);
      if (outcome === undefined) continue;
      this.waiting.delete(waiter);
      waiter.done(outcome);
    }
  }

  wait(world: World, ids: readonly ServiceId[], goal: WaitGoal, signal: AbortSignal): Promise<Failure | null> {
    const now = standing(world, ids, goal);
    if (now !== undefined) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.waiting.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        ids,
        goal,
        done: outcome => {
          signal.removeEventListener('abort', abort);
          resolve(outcome);
        },
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.waiting.add(waiter);
    });
  }
}
