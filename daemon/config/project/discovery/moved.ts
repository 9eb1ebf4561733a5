import { folderId, isGone } from '../../../files/folder-id.js';

/** A project as the daemon knows it. */
interface Known {
  readonly name: string;
  readonly root: string;
  readonly folder?: string | undefined;
}

/**
 * The project that this folder belonged to before it was moved: the same folder, and nothing is left where it was. Null: it was not moved, is a copy
 * (another folder, or the first one is still there), or the file system does not tell.
 */
export function movedProject<T extends Known>(root: string, known: readonly T[]): T | null {
  if (known.some(project => project.root === root)) return null;
  const id = folderId(root);
  return id === null ? null : (known.find(project => project.folder === id && isGone(project.root)) ?? null);
}
