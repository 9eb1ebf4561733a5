/** Paths in the order of their folders: what lies in one follows it directly. */
interface Places {
  readonly paths: readonly string[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Index of the next path above, -1: none. */
  readonly above: readonly number[];
  /** Index behind the last path below. */
  readonly end: readonly number[];
}

/** `paths`: normal ones, each once. */
export function overlapPlacesOf(paths: readonly string[]): Places {
  // With a slash at its end a folder is the beginning of what lies in it, and of nothing else; what begins alike sorts together.
  const sorted = paths.map(path => ({ path, key: path === '/' ? path : `${path}/` }));
  sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
  const above: number[] = [];
  const end: number[] = sorted.map(() => sorted.length);
  const open: number[] = [];
  for (const [index, { key }] of sorted.entries()) {
    for (let outer = open.at(-1); outer !== undefined && !key.startsWith(sorted[outer]?.key ?? ''); outer = open.at(-1)) {
      end[outer] = index;
      open.pop();
    }
    above.push(open.at(-1) ?? -1);
    open.push(index);
  }
  const inOrder = sorted.map(({ path }) => path);
  return { paths: inOrder, indexOf: new Map(inOrder.map((path, index) => [path, index])), above, end };
}

/**
 * Paths that are, hold or lie in those that are asked for, each told once: however they are nested, asking for all of them takes time in proportion to
 * their number, where a list for each would grow with its square.
 */
export class Overlaps {
  readonly #places: Places;
  /** For each index, one at or behind it before which all are told. */
  readonly #next: number[];
  /** Whether all above are told. */
  readonly #isClimbed: boolean[];

  constructor(places: Places) {
    this.#places = places;
    this.#next = Array.from({ length: places.paths.length + 1 }, (_, index) => index);
    this.#isClimbed = places.paths.map(() => false);
  }

  /** Those that overlap `path` and were not told before: itself, those above from the outermost, those below in order. */
  untold(path: string): string[] {
    const { indexOf, paths, end } = this.#places;
    const index = indexOf.get(path);
    if (index === undefined) return [];
    const found = [index, ...this.#climb(index)].filter(each => this.#tell(each));
    for (let below = this.#firstUntold(index); below < (end[index] ?? 0); below = this.#firstUntold(below)) {
      this.#tell(below);
      found.push(below);
    }
    return found.map(each => paths[each] ?? '');
  }

  #climb(from: number): number[] {
    const found: number[] = [];
    for (let index = from; index >= 0 && this.#isClimbed[index] === false; ) {
      this.#isClimbed[index] = true;
      index = this.#places.above[index] ?? -1;
      if (index >= 0) found.push(index);
    }
    return found.reverse();
  }

  /** Whether it was untold. */
  #tell(index: number): boolean {
    if (this.#next[index] !== index) return false;
    this.#next[index] = index + 1;
    return true;
  }

  #firstUntold(from: number): number {
    let first = from;
    while (this.#next[first] !== first) first = this.#next[first] ?? first;
    for (let index = from; index !== first; ) {
      const next = this.#next[index] ?? first;
      this.#next[index] = first;
      index = next;
    }
    return first;
  }
}
