import type { ServiceId } from '../../model/spec.js';
import type { Clock, Containers, LogLine, LogOptions } from '../../ports/ports.js';
import type { ServiceEntry, World } from '../../scheduler/state/world.js';
import { viewOf } from '../../scheduler/views/view.js';
import { FailureError, isSilence } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Changes } from '../changes.js';

/** What happens to a service between two runs of its container, beside what these have written. */
export interface LogNote {
  readonly stream: 'notice';
  /** ms since the epoch. */
  readonly at: Ms;
  readonly text: string;
}

export interface FollowContext {
  readonly containers: Pick<Containers, 'logs'>;
  readonly clock: Clock;
  readonly world: () => World;
  readonly changes: Changes;
}

/** A log that ends while its container runs on: asked for again after so long. */
const AGAIN: Ms = 2_000;

/** One run of a container: started again it has another main process. */
interface Run {
  readonly container: string;
  readonly pid: number | null;
}

/**
 * The log of a service over all of its runs: where a container ends, is made anew, or sleeps, it says so in a note and goes on with the
 * next. Ends when the signal is aborted, or the service is gone.
 */
export async function* followLogs(
  id: ServiceId,
  options: LogOptions,
  { containers, clock, world, changes }: FollowContext,
): AsyncGenerator<LogLine | LogNote> {
  const { signal } = options;
  const begun = clock.wall();
  const note = (text: string): LogNote => ({ stream: 'notice', at: clock.wall(), text });
  let { since, tail } = options;
  let last: Run | null = null;
  let said: string | null = null;
  while (!signal.aborted) {
    // Before anything is looked at: what changes while a note is taken is not missed.
    const changed = changes.next(signal);
    const entry = world().services.get(id);
    if (!entry || entry.desired === 'gone') return;
    const run = world().engine === 'up' ? runOf(entry) : null;
    // The first time the log of what has ended is shown too.
    const container: string | null = run?.container ?? (last === null ? entry.container : null);
    if (container === null || (run !== null && isSame(run, last))) {
      const words = run === null ? restWords(world(), entry, clock.now()) : null;
      if (words !== null && words.kind !== said) yield note(words.text);
      if (words !== null) said = words.kind;
      await (run === null ? changed : Promise.race([changed, changes.after(AGAIN, signal)]));
      // Where it runs on, and its log has ended all the same, that is asked for again.
      if (run !== null && isSame(runOf(world().services.get(id) ?? entry), last)) last = null;
      continue;
    }
    if (said !== null && run !== null) yield note(`${entry.spec.name} runs again`);
    if (run !== null) said = null;
    const from: { at: Ms | null } = { at: null };
    try {
      for await (const line of containers.logs(container, { ...options, since, tail })) {
        from.at = Math.max(from.at ?? 0, line.at);
        yield line;
      }
    } catch (error) {
      // Gone meanwhile, or the engine is away: what comes next is seen from the world.
      const isStill = world().services.get(id)?.container === container;
      if (!(error instanceof FailureError) || (isStill && !isSilence(error.failure))) throw error;
    }
    // Each line once: what follows is younger than what was shown, and a run that wrote nothing has nothing to show again.
    since = from.at === null ? (since ?? begun) : from.at + 1;
    tail = null;
    last = run ?? { container, pid: null };
  }
}

function runOf({ state, address }: ServiceEntry): Run | null {
  if ((state.kind !== 'starting' && state.kind !== 'running') || state.container === null) return null;
  return { container: state.container, pid: address?.pid ?? null };
}

function isSame(run: Run | null, last: Run | null): boolean {
  return run !== null && last !== null && run.container === last.container && run.pid === last.pid;
}

/** Why nothing is written; null: it is on its way from one state to another. `kind` tells one such rest from the next. */
function restWords(world: World, entry: ServiceEntry, now: Ms): { readonly kind: string; readonly text: string } | null {
  const { state, desired, awake, spec, wakeRequest } = entry;
  if (world.engine === 'lost') return { kind: 'engine', text: 'the container engine has gone away; this goes on when it is back' };
  if (state.kind === 'asleep' && desired === 'up')
    return awake || wakeRequest !== null ? null : { kind: 'asleep', text: `${spec.name} has fallen asleep; a connection wakes it` };
  if (state.kind === 'backoff') return { kind: `backoff ${entry.crashes.length}`, text: `${spec.name} ${viewOf(world, entry, now).why}` };
  if (state.kind === 'asleep' || state.kind === 'completed' || state.kind === 'failed')
    return { kind: state.kind, text: state.kind === 'failed' ? state.failure.message : `${spec.name}: ${viewOf(world, entry, now).why}` };
  return null;
}
