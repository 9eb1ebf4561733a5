import { readPinned } from '../../path-gate/read.js';
import { LARGEST_FILE } from './yaml-file.js';

export type TextFile = { readonly text: string; readonly fault: null } | { readonly text: null; readonly fault: string };

/**
 * Reads a text file of at most 256 KiB as UTF-8, with U+FFFD for what is not. A pipe, a folder, a larger file: a fault in words,
 * never a wait.
 */
export async function readText(file: string): Promise<TextFile> {
  const fault = (text: string): TextFile => ({ text: null, fault: text });
  const found = readPinned(file, LARGEST_FILE);
  if (found.ok) return { text: found.bytes.toString('utf8'), fault: null };
  if (found.why === 'too-large') return fault(`larger than ${LARGEST_FILE / 1024} KiB`);
  if (found.why !== 'error') return fault('not a file');
  return fault(found.code === 'ENOENT' ? 'no such file' : `cannot be read (${found.code})`);
}
