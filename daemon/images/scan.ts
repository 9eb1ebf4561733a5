import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { IgnoreRules } from './dockerignore.js';

/** One thing of a build context. */
export interface Entry {
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
 * nothing in it can be wanted.
 */
export function scanContext(root: string, rules: IgnoreRules, limit: number): readonly Entry[] | null {
  const found: Entry[] = [];
  const open = [''];
  let seen = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const name of readdirSync(join(root, folder))) {
      seen += 1;
      if (seen > limit) return null;
      const path = folder === '' ? name : `${folder}/${name}`;
      const ignored = rules.ignores(path);
      const entry = read(root, path, ignored);
      if (!entry) continue;
      if (entry.kind === 'folder' && !(ignored && rules.prunes(path))) open.push(path);
      if (!ignored) found.push(entry);
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function read(root: string, path: string, ignored: boolean): Entry | null {
  const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
  if (!stat) return null;
  const kind = stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'link' : stat.isFile() ? 'file' : null;
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
    target: kind === 'link' && !ignored ? readlinkSync(join(root, path)) : '',
  };
}
