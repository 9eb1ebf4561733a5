import { createHash, type Hash } from 'node:crypto';
import type { PinnedFolder } from '../../path-gate/pinned.js';
import type { BuildFiles } from './build-files.js';
import type { ContextEntry } from './scan.js';

/** On a built image: hash over everything that it was built from, but its bases. */
export const HASH_LABEL = 'laptop-dev.content-hash';
/** On a built image: `reference=id` of each base, comma-separated. */
export const BASES_LABEL = 'laptop-dev.base-ids';

/**
 * A hash without reading the files: path, mode, size, both times. Equal means unchanged; different means that the content hash
 * must tell. The change time is part of it, so a tool that restores modification times is seen too.
 */
export function quickHash(plan: BuildFiles, entries: readonly ContextEntry[]): string {
  const hash = recipe(plan);
  for (const { path, kind, mode, size, modified, changed, target } of entries) {
    hash.update(JSON.stringify([path, kind, mode, size, modified, changed, target]));
  }
  return hash.digest('hex');
}

/** The hash over the contents: the same in every clone, whatever the times of the files. */
export function contentHash(plan: BuildFiles, context: PinnedFolder, entries: readonly ContextEntry[]): string {
  const hash = recipe(plan);
  for (const { path, kind, mode, target } of entries) {
    // Group and other bits follow the umask of whoever cloned; only the execute bit is content, as for git.
    hash.update(JSON.stringify([path, kind, (mode & 0o100) !== 0, target, kind === 'file' ? fileHash(context, path) : '']));
  }
  return hash.digest('hex');
}

function recipe(plan: BuildFiles): Hash {
  const args = Object.entries(plan.args).sort();
  const labels = Object.entries(plan.labels).sort();
  return createHash('sha256').update(
    JSON.stringify([1, plan.dockerfile, plan.dockerfilePath, plan.ignoreText, plan.target, args, labels, plan.platform]),
  );
}

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/** Up to the length that it has when it is opened; one that has gone since is empty. Blocks: for the child process. */
function fileHash(context: PinnedFolder, path: string): string {
  const hash = createHash('sha256');
  const file = context.open(path);
  if (file === null) return hash.digest('hex');
  try {
    const { size } = file.stat;
    for (let at = 0; at < size; at += PIECE) hash.update(file.read(at, Math.min(PIECE, size - at)));
    return hash.digest('hex');
  } finally {
    file.close();
  }
}

export function writeBases(ids: Readonly<Record<string, string>>): string {
  return Object.entries(ids)
    .sort()
    .map(([reference, id]) => `${reference}=${id}`)
    .join(',');
}

/** Names of the bases that an image was built upon, by its label. */
export function recordedBases(recorded: string): string[] {
  return recorded.split(',').flatMap(pair => (pair.includes('=') ? [pair.slice(0, pair.lastIndexOf('='))] : []));
}

/** True when a base that is here now is not the one that was built upon. One that is gone changes nothing: the image is here. */
export function baseChanged(recorded: string, present: Readonly<Record<string, string | null>>): boolean {
  const known = new Map(recorded.split(',').map(pair => [pair.slice(0, pair.lastIndexOf('=')), pair.slice(pair.lastIndexOf('=') + 1)]));
  return Object.entries(present).some(([reference, id]) => id !== null && known.get(reference) !== id);
}
