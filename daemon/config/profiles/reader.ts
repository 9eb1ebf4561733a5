import { readPinned } from '../../path-gate/read.js';
import type { Problem } from '../../shared/problem.js';
import type { ProfileFile } from './parse.js';
import { LARGEST_FILE } from './yaml-file.js';

/** One profile file, read and parsed. */
export type ReadProfile =
  | { readonly text: string; readonly fault: null; readonly profile: ProfileFile | null; readonly problems: readonly Problem[] }
  /** The file could not be read. */
  | { readonly text: null; readonly fault: string };

export type ProfileReader = (file: string) => Promise<ReadProfile>;

/**
 * Reads and parses each profile file once, however often it is asked for: choosing a profile by its name, loading it and listing it need the same
 * files. `file`: absolute path. `read`: where the text is from, the file itself unless given.
 */
export function profileReader(read: (file: string) => Promise<TextFile> = readText): ProfileReader {
  const kept = new Map<string, Promise<ReadProfile>>();
  return file => {
    const known = kept.get(file) ?? readAndParse(file, read);
    kept.set(file, known);
    return known;
  };
}

async function readAndParse(file: string, read: (file: string) => Promise<TextFile>): Promise<ReadProfile> {
  const found = await read(file);
  if (found.fault !== null) return found;
  // The schema takes longer to load than a Compose file: it is loaded when there is a profile to parse.
  const { parseProfile } = await import('./parse.js');
  return { ...found, ...parseProfile(found.text, file) };
}

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
