import type { Problem } from '../core/problem.js';
import type { Place } from './tree.js';

/** More than this helps nobody; a file of nothing but mistakes must not fill the memory either. */
const MAX_PROBLEMS = 100;

export interface Hints {
  readonly expected?: string | null;
  readonly nearest?: string | null;
}

/** Collects what is wrong (problems) and what is understood but not done (warnings), each place and message once. */
export class Report {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #seen = new Set<string>();
  readonly #wrongPlaces = new Set<string>();

  /** Nothing more will be listed: costly hints are not worth finding. */
  get full(): boolean {
    return this.problems.length > MAX_PROBLEMS;
  }

  /** Whether a mistake is known already of which another would only be the echo. */
  has(test: (problem: Problem) => boolean): boolean {
    return this.problems.some(test);
  }

  /** By file in the order given, then as they stand in it; what has no place comes first. */
  sort(files: readonly string[]): void {
    const order = new Map(files.map((file, index) => [file, index]));
    const rank = (problem: Problem): number => order.get(problem.file) ?? -1;
    const compare = (a: Problem, b: Problem): number => rank(a) - rank(b) || a.line - b.line || a.column - b.column;
    this.problems.sort(compare);
    this.warnings.sort(compare);
  }

  error(place: Place | string, key: string, message: string, hints: Hints = {}): void {
    const problem = toProblem(place, key, message, hints);
    this.#wrongPlaces.add(placeId(problem));
    this.#add(this.problems, problem);
  }

  warn(place: Place | string, key: string, message: string, hints: Hints = {}): void {
    const problem = toProblem(place, key, message, hints);
    // What is wrong altogether needs no second word about being ignored.
    if (problem.line > 0 && this.#wrongPlaces.has(placeId(problem))) return;
    this.#add(this.warnings, problem);
  }

  #add(list: Problem[], problem: Problem): void {
    const id = `${placeId(problem)} ${problem.message}`;
    if (this.#seen.has(id) || list.length > MAX_PROBLEMS) return;
    this.#seen.add(id);
    if (list.length < MAX_PROBLEMS) list.push(problem);
    else
      list.push({
        ...problem,
        key: '',
        message: `more than ${MAX_PROBLEMS} such places; the others are not listed`,
        expected: null,
        nearest: null,
      });
  }
}

function placeId(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}:${problem.key}`;
}

function toProblem(place: Place | string, key: string, message: string, hints: Hints): Problem {
  const at =
    typeof place === 'string' ? { file: place, line: 0, column: 0 } : { file: place.source.file, line: place.line, column: place.column };
  return { ...at, key, message, expected: hints.expected ?? null, nearest: hints.nearest ?? null };
}
