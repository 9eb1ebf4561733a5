import type { Ms } from '../../shared/span.js';
import type { Draft } from '../state/draft.js';
import { idOf, type ServiceEntry } from '../state/world.js';

/*
 * Commands that people and their tools run in a container past the daemon (docker exec). Each is a lease for as long as it runs.
 */

/** A shell, an editor's server, a database's console: it is in use as long as that runs. */
export function sessionStarted(draft: Draft, entry: ServiceEntry, container: string, exec: string): void {
  const { state, sessions } = entry;
  const runs = (state.kind === 'starting' || state.kind === 'running') && state.container === container;
  if (runs && !sessions.includes(exec)) draft.patch(idOf(entry.spec), { sessions: [...sessions, exec] });
}

export function sessionEnded(draft: Draft, entry: ServiceEntry, exec: string, now: Ms): void {
  if (entry.sessions.includes(exec))
    keepSessions(
      draft,
      entry,
      entry.sessions.filter(each => each !== exec),
      now,
    );
}

/** As the engine lists them: an end may have passed while the daemon did not listen. */
export function keepSessions(draft: Draft, entry: ServiceEntry, sessions: readonly string[], now: Ms): void {
  if (sessions.join() === entry.sessions.join()) return;
  // What held it until now is use of it.
  const use = entry.sessions.length > 0 ? { ...entry.use, lastAt: Math.max(entry.use.lastAt, now) } : entry.use;
  draft.patch(idOf(entry.spec), { sessions, use });
}
