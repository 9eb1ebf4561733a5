import { stat } from 'node:fs/promises';
import { readPinned } from '../../../path-gate/read.js';
import type { Report } from '../tree/report.js';
import type { SourceLocation } from '../tree/tree.js';

/** 256 KiB, as docs/compose.md has it under Bounds. */
export const MAX_FILE_BYTES = 256 * 1024;
/** Compose and env files of one project, with what they include and extend. */
export const MAX_FILES = 2000;
export const MAX_TOTAL_BYTES = 2 * 1024 * 1024;

/** The origin of a reference to a file: a location in another file, or an option such as `-f`. */
export interface FileReference {
  readonly location: SourceLocation | null;
  readonly key: string;
}

/** Reads files once each, within bounds, and remembers which. */
export class Files {
  readonly sources: string[] = [];
  /** Of each source, the file that was read: links followed. */
  readonly real = new Map<string, string>();
  #bytes = 0;
  readonly #texts = new Map<string, Promise<string | null>>();

  constructor(readonly report: Report) {}

  /** The file's text; null when it cannot be read, which is reported at the location that asked for it. */
  read(path: string, reference: FileReference): Promise<string | null> {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = this.#read(path, reference);
    this.#texts.set(path, text);
    return text;
  }

  async exists(path: string): Promise<boolean> {
    return stat(path).then(
      found => found.isFile(),
      () => false,
    );
  }

  async #read(path: string, reference: FileReference): Promise<string | null> {
    const refuse = (message: string): null => {
      this.report.error(reference.location ?? path, reference.key, reference.location === null ? message : `${path}: ${message}`);
      return null;
    };
    if (this.#texts.size >= MAX_FILES) return refuse(`more than ${MAX_FILES} files are included`);
    try {
      const found = readPinned(path, MAX_FILE_BYTES);
      if (!found.ok) return refuse(found.why === 'error' ? reason(found.code) : WRONG_KIND[found.why](found.size));
      this.#bytes += found.bytes.length;
      if (this.#bytes > MAX_TOTAL_BYTES) return refuse(`the files come to more than ${MAX_TOTAL_BYTES} bytes`);
      this.sources.push(path);
      this.real.set(path, found.real);
      return new TextDecoder('utf-8', { fatal: true }).decode(found.bytes);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return refuse('is not UTF-8 text');
    }
  }
}

const WRONG_KIND = {
  folder: () => 'is a folder, not a file',
  'no-file': () => 'is not a regular file',
  'too-large': (size: number) => `is ${size} bytes long; at most ${MAX_FILE_BYTES} are read`,
};

function reason(code: string): string {
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    ENOTDIR: 'does not exist',
    EACCES: 'may not be read (permission denied)',
    ELOOP: 'is a circle of symbolic links',
    ENAMETOOLONG: 'has too long a name',
  };
  return words[code] ?? `cannot be read (${code})`;
}
