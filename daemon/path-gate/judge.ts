import { type Failure, failure } from '../shared/failure.js';
import { isWithin, normalPath } from '../shared/paths.js';
import { resolvePath } from './resolve.js';

/**
 * Folders whose names are the system's own and partly links (/var/run): what lies there is mounted by the name that was written, as Docker Desktop
 * knows its sockets by it. Nothing there is inside a project, so the user has trusted that name.
 */
const BY_NAME = /^\/(var\/)?run\//;

/** The path as it is asked for and judged: with all links followed, but for names under /run. */
export function judgedPath(path: string): string {
  const written = normalPath(path) ?? path;
  return isByName(written) ? written : resolvePath(written).real;
}

/** Whether the path is mounted by the name that was written, without following links. */
export function isByName(path: string): boolean {
  return BY_NAME.test(normalPath(path) ?? path);
}

/**
 * The change of a path since it was judged, when the project came up; null without one. Links had been followed then, so that one on the way now was put
 * there since. `root`: folder of the project, empty when not known; outside of it the user has trusted a path that need not be readable by the daemon.
 */
export function changedSince(path: string, root: string): PathChange | null {
  const written = normalPath(path);
  if (written === null || isByName(written)) return null;
  const { real, link, unreadable } = resolvePath(written);
  if (unreadable !== null && (link !== null || root === '' || isWithin(root, written)))
    return { path: written, now: `what is at ${unreadable} cannot be examined`, real: null };
  if (real === written) return null;
  return { path: written, now: `it leads to ${real} by the link ${link}`, real };
}

export interface PathChange {
  readonly path: string;
  /** The present state, as half a sentence. */
  readonly now: string;
  /** The path that it leads to; null when not known. */
  readonly real: string | null;
}

/** `who` cannot be started: something that its project's files name is not what it was when the project came up. */
export function sourceChanged(who: string, change: PathChange, root: string): Failure {
  const { path, now, real } = change;
  const message =
    real === null ? `${who} cannot be started: of ${path}, ${now}` : `${who} cannot be started: ${path} is not what it was: ${now}`;
  const unreadable = `Make it readable for the user of the daemon, or take another path; then laptop-dev up in ${root}`;
  return failure('path-changed', message, { path, real, root }, [
    ...(real === null
      ? [unreadable]
      : [
          `Remove the link if it is not yours: a container that can write to the folder may have put it there`,
          `If it is meant, laptop-dev up in ${root} judges it again, and asks for trust where it leads out of the project`,
        ]),
  ]);
}
