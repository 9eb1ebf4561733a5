import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceId } from '../../model/spec.js';
import type { Clock } from '../../ports/ports.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Loop } from '../loop.js';
import type { ListenerManager } from './listener-manager.js';

/** How long an action waits for an engine that is away, and how often it looks. */
const GRACE: Ms = 3_000;
const STEP: Ms = 50;

/** What sleeps wakes when somebody wants to work in it. */
export async function wakeFor(loop: Loop, listeners: ListenerManager, id: ServiceId): Promise<void> {
  const entry = loop.world.services.get(id);
  if (entry?.desired !== 'up' || (entry.awake && entry.state.kind !== 'running')) return;
  if (entry.state.kind === 'running' && !entry.state.frozen) return;
  const outcome = await listeners.wake(id, () => 'awake' as const);
  if (outcome !== 'awake') throw new FailureError(outcome);
}

/** The container of a service; FailureError not-found, with what to do, when it has none, or none that runs. */
export function containerFor(loop: Loop, id: ServiceId, running: boolean): string {
  const entry = loop.world.services.get(id);
  const isRunning = entry?.state.kind === 'running' || entry?.state.kind === 'starting';
  if (!entry) throw new FailureError(failure('not-found', `There is no service ${id}.`));
  if (entry.container === null || (running && !isRunning)) {
    const [project, name] = id.split('/');
    const remedy = `laptop-dev start ${name} -p ${project} starts it`;
    throw new FailureError(
      failure('not-found', running ? `${id} does not run.` : `${id} has no container, so there are no logs.`, {}, [remedy]),
    );
  }
  return entry.container;
}

/** An engine that is restarted is back in a moment: nobody is refused for that. Resolves when the engine is there, or after a while. */
export async function engineBack(loop: Loop, clock: Clock): Promise<void> {
  const until = clock.now() + GRACE;
  while (loop.world.engine !== 'up' && clock.now() < until) await pause(STEP);
}
