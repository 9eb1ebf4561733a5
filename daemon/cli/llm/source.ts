import { FailureError, failure } from '../../shared/failure.js';

/** Where a model comes from. */
export interface ModelSource {
  /** As it was given. */
  readonly what: string;
  readonly bytes: number;
  /** Two runs with the same words mean the same content: a part may go on. */
  readonly of: string;
  /** SHA-256 of the first bytes; null: unknown without reading them again. */
  hashOf(bytes: number): Promise<string | null>;
  /** The bytes from there on. Throws FailureError when they cannot be had. */
  read(from: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** SHA-256 of the whole, after `read`; null: not all of it was seen. */
  sum(): string | null;
  close(): Promise<void>;
}

/** Throws FailureError model-refused when the first bytes of a file are not those of a GGUF file. */
export function checkMagic(what: string, first: Uint8Array): void {
  const begin = Buffer.from(first.subarray(0, 4)).toString('latin1');
  if (begin === 'GGUF') return;
  const said = begin === '' ? 'it is empty' : `it begins with ${JSON.stringify(begin)}, not with "GGUF"`;
  throw new FailureError(failure('model-refused', `${what} is not a GGUF model: ${said}.`));
}

/** What a model is called: the name given, else its file's without .gguf. Throws FailureError usage. */
export function nameFor(given: string | undefined, file: string): string {
  const name = given ?? file.replace(/\.gguf$/i, '');
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name) && !name.endsWith('.gguf')) return name;
  throw new FailureError(
    failure('usage', `${JSON.stringify(name)} is not a model name: use letters, digits, dots, dashes and underscores, without .gguf.`, {}, [
      '--name NAME gives one.',
    ]),
  );
}
