import type { Problem } from '../../../shared/problem.js';
import type { SourceLocation } from './tree.js';

/** A longer list does not help, and a file of nothing but mistakes must not fill the memory. */
const MAX_PROBLEMS = 100;

export interface Hints {
  readonly expected?: string | null;
  readonly nearest?: string | null;
}

/** Collects what is wrong (problems) and what is understood but not done (warnings), each location and message once. */
export class Report {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #unset = new Map<
    string,
    { readonly location: SourceLocation; readonly key: string; readonly nearest: string | null; readonly at: Set<string> }
  >();
  readonly #harmless: { readonly location: SourceLocation; readonly name: string }[] = [];
  readonly #repeated = new Map<string, { readonly location: SourceLocation; readonly key: string; count: number }>();
  /** Warnings of what breaks an application: they come first. */
  readonly #breaking = new Set<Problem>();
  readonly #seen = new Set<string>();
  readonly #wrongLocations = new Set<string>();

  /** Nothing more will be listed: costly hints are not worth finding. */
  get full(): boolean {
    return this.problems.length > MAX_PROBLEMS;
  }

  /** Whether a mistake was reported already that explains another one. */
  has(test: (problem: Problem) => boolean): boolean {
    return this.problems.some(test);
  }

  /** By file in the order given, then as they stand in it; what has no location comes first. */
  sort(files: readonly string[]): void {
    const order = new Map(files.map((file, index) => [file, index]));
    const rank = (problem: Problem): number => order.get(problem.file) ?? -1;
    const compare = (a: Problem, b: Problem): number => rank(a) - rank(b) || a.line - b.line || a.column - b.column;
    this.problems.sort(compare);
    const grave = (problem: Problem): number => (this.#breaking.has(problem) ? 0 : 1);
    this.warnings.sort((a, b) => grave(a) - grave(b) || compare(a, b));
  }

  error(location: SourceLocation | string, key: string, message: string, hints: Hints = {}): void {
    const unset = typeof location === 'string' ? [] : this.#unsetAt(location, key);
    const cause = unset.length === 0 ? '' : `; ${unset.join(' and ')} ${unset.length === 1 ? 'is' : 'are'} not set`;
    const problem = toProblem(location, key, `${message}${cause}`, hints);
    this.#wrongLocations.add(locationId(problem));
    this.#add(this.problems, problem);
  }

  warn(location: SourceLocation | string, key: string, message: string, hints: Hints = {}): void {
    const problem = toProblem(location, key, message, hints);
    // A value with an error gets no warning that it is ignored.
    if (problem.line > 0 && this.#wrongLocations.has(locationId(problem))) return;
    this.#add(this.warnings, problem);
  }

  /** A warning of a key that is not supported and changes how the service runs. */
  breaking(location: SourceLocation, key: string, message: string): void {
    // One warning for a location: an unknown key was reported first.
    if (this.warnings.some(each => locationId(each) === locationId(toProblem(location, key, '', {})))) return;
    this.warn(location, key, message);
    const [last] = this.warnings.slice(-1);
    if (last?.key === key && last.message === message) this.#breaking.add(last);
  }

  /** A key that is not supported and has no effect here: all of them come as one warning. */
  harmless(location: SourceLocation, key: string, name: string): void {
    if (!this.#wrongLocations.has(locationId(toProblem(location, key, '', {})))) this.#harmless.push({ location, name });
  }

  /** A warning that many services may have: told once, with their number. */
  repeated(location: SourceLocation, key: string, message: string): void {
    const known = this.#repeated.get(message) ?? { location, key, count: 0 };
    known.count++;
    this.#repeated.set(message, known);
  }

  /** A variable that is not set and has no default: told once, with the number of its locations. */
  unset(location: SourceLocation, key: string, name: string, nearest: () => string | null): void {
    const known = this.#unset.get(name) ?? { location, key, nearest: nearest(), at: new Set<string>() };
    known.at.add(`${location.source.file}:${location.line}:${location.column}:${key}`);
    this.#unset.set(name, known);
  }

  /** The variables that were not set where this value stands: mostly why it is wrong. */
  #unsetAt(location: SourceLocation, key: string): string[] {
    const id = `${location.source.file}:${location.line}:${location.column}:${key}`;
    return [...this.#unset].filter(([, { at }]) => at.has(id)).map(([name]) => name);
  }

  /** Turns what was gathered into warnings; to be called once, before they are read. */
  close(): void {
    for (const [name, { location, key, nearest, at }] of this.#unset) {
      this.warn(location, key, `the variable ${name} is not set; an empty text is used${also(at.size)}`, { nearest });
    }
    for (const [message, { location, key, count }] of this.#repeated) this.warn(location, key, `${message}${also(count)}`);
    const [first] = this.#harmless;
    if (first === undefined) return;
    const names = [...new Set(this.#harmless.map(({ name }) => name))].sort();
    this.warn(first.location, '', `without effect here, and not missed: ${names.join(', ')}${also(this.#harmless.length)}`);
  }

  #add(list: Problem[], problem: Problem): void {
    const id = `${locationId(problem)} ${problem.message}`;
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

function also(count: number): string {
  return count === 1 ? '' : `, here and in ${count - 1} more place${count === 2 ? '' : 's'}`;
}

function locationId(problem: Problem): string {
  return `${problem.file}:${problem.line}:${problem.column}:${problem.key}`;
}

function toProblem(location: SourceLocation | string, key: string, message: string, hints: Hints): Problem {
  const at =
    typeof location === 'string'
      ? { file: location, line: 0, column: 0 }
      : { file: location.source.file, line: location.line, column: location.column };
  return { ...at, key, message, expected: hints.expected ?? null, nearest: hints.nearest ?? null };
}
