import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { LARGEST_FILE } from './yaml-file.js';

const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export type TextFile = { readonly text: string; readonly fault: null } | { readonly text: null; readonly fault: string };

/**
 * Reads a text file of at most 256 KiB as UTF-8, with U+FFFD for what is not. A pipe, a folder, a larger file: a fault in words,
 * never a wait.
 */
export async function readText(file: string): Promise<TextFile> {
  const fault = (text: string): TextFile => ({ text: null, fault: text });
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  const handle = await open(file, OPEN_FLAGS).catch((error: NodeJS.ErrnoException) => error);
  if (handle instanceof Error)
    return fault(handle.code === 'ENOENT' ? 'no such file' : `cannot be read (${handle.code ?? handle.message})`);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return fault('not a file');
    const buffer = Buffer.alloc(LARGEST_FILE + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < buffer.length; length += read) {
      read = (await handle.read(buffer, length, buffer.length - length)).bytesRead;
    }
    if (length > LARGEST_FILE) return fault(`larger than ${LARGEST_FILE / 1024} KiB`);
    return { text: buffer.toString('utf8', 0, length), fault: null };
  } catch (error) {
    if (error instanceof Error && 'code' in error) return fault(`cannot be read (${String(error.code)})`);
    throw error;
  } finally {
    await handle.close();
  }
}
