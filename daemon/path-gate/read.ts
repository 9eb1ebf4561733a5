import { openPinned, UnreadableError } from './pinned.js';

/** `real`: the file that was read, whatever its name was a link to. `size`: as it was at the opening. */
export type ReadFile =
  | { readonly ok: true; readonly bytes: Buffer; readonly real: string }
  | { readonly ok: false; readonly why: 'no-file' | 'folder' | 'too-large'; readonly size: number }
  | { readonly ok: false; readonly why: 'error'; readonly code: string };

/**
 * Reads a regular file of at most `most` bytes that a project's files name. Pipes, sockets and devices are not opened. What was read is where `real`
 * says, also when a link is changed meanwhile: that path is the one to judge.
 */
export function readPinned(path: string, most: number): ReadFile {
  try {
    const file = openPinned(path);
    if (file === null) return { ok: false, why: 'no-file', size: 0 };
    try {
      const { size } = file.stat;
      if (size > most) return { ok: false, why: 'too-large', size };
      const bytes = file.read(0, most + 1);
      return bytes.length > most ? { ok: false, why: 'too-large', size: bytes.length } : { ok: true, bytes, real: file.real };
    } finally {
      file.close();
    }
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return error.code === 'EISDIR' ? { ok: false, why: 'folder', size: 0 } : { ok: false, why: 'error', code: error.code };
  }
}
