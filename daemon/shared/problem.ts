import { oneLine } from './printable.js';

/** One mistake in a configuration file, at its place. Lines and columns count from 1; 0 when the place is not known. */
export interface Problem {
  /** Absolute path, or the name of what was read (such as `environment`). */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path of the key, as `services.api.mem_limit`; empty for the file as a whole. */
  readonly key: string;
  readonly message: string;
  /** What would have been right, in words. */
  readonly expected: string | null;
  /** The known name closest to the one found. */
  readonly nearest: string | null;
}

/** Writes `file:line:col: key: message; expected …; did you mean …?`, leaving out what is not known; in one line, whatever the file is called. */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const key = problem.key === '' ? '' : `${problem.key}: `;
  const expected = problem.expected === null ? '' : `; expected ${problem.expected}`;
  const nearest = problem.nearest === null ? '' : `; did you mean ${problem.nearest}?`;
  return oneLine(`${place}: ${key}${problem.message}${expected}${nearest}`);
}
