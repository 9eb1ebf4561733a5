import type { PinnedEntry, PinnedFolder } from '../../path-gate/pinned.js';
import type { IgnoreRules } from './dockerignore.js';

/** One thing of a build context. */
export interface ContextEntry {
  /** Relative to the context, forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly modified: number;
  readonly changed: number;
  /** Where a link points to; else empty. */
  readonly target: string;
}

/**
 * What of a context would be sent, in a stable order; sockets and devices are left out, as the engine's own client does. Null when
 * there is more than `limit`: the caller then leaves it to a process that may block. An ignored folder is not read where
 * nothing in it can be wanted. Throws UnreadableError.
 */
export function scanContext(context: PinnedFolder, rules: IgnoreRules, limit: number): readonly ContextEntry[] | null {
  const found: ContextEntry[] = [];
  let seen = 0;
  for (const each of context.walk(({ path }) => !(rules.ignores(path) && rules.prunes(path)))) {
    seen += 1;
    if (seen > limit) return null;
    const entry = rules.ignores(each.path) ? null : entryOf(each);
    if (entry !== null) found.push(entry);
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Null: nothing that is sent. */
export function entryOf({ path, stat, target }: PinnedEntry): ContextEntry | null {
  const kind = stat.isDirectory() ? 'folder' : target !== null ? 'link' : stat.isFile() ? 'file' : null;
  if (kind === null) return null;
  const folder = kind === 'folder';
  return {
    path,
    kind,
    mode: stat.mode & 0o7777,
    // A folder's own size and times change with ignored files in it too: they say nothing here.
    size: folder ? 0 : stat.size,
    modified: folder ? 0 : stat.mtimeMs,
    changed: folder ? 0 : stat.ctimeMs,
    target: target ?? '',
  };
}
