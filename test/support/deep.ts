/**
 * How deep the property suites, traces and kill rounds go, and how many variants of one thing an engine is asked for. `npm run check:fast` (LAPTOP_DEV_TEST_FAST=1) takes the least that says anything and
 * a part of the long tables, `./scripts/test.sh --deep` (LAPTOP_DEV_TEST_DEEP=1) all of them; every other run takes a share. The names of the
 * tests say how many; LAPTOP_DEV_TEST_SEED=N has the cases of a run again.
 */
export const DEEP = process.env['LAPTOP_DEV_TEST_DEEP'] === '1';
export const FAST = !DEEP && process.env['LAPTOP_DEV_TEST_FAST'] === '1';

/** The share of a suite that each run takes. */
const SHARE = 0.05;
/** The least runs of a property that say anything. */
export const LEAST = 20;
/** Of a long table a fast run takes every so many rows, from one that the seed says. */
const STRIDE = 5;

/** The rounds of this run, of a suite that has `all` when it is deep. */
export function rounds(all: number): number {
  return byGear({ deep: all, usual: Math.min(all, Math.max(LEAST, Math.ceil(all * SHARE))), fast: Math.min(all, LEAST) });
}

/** The runs of a property that is cheap enough to have all of them each time; in a fast run the least. */
export function runs(all: number): number {
  return byGear({ deep: all, usual: all, fast: Math.min(all, LEAST) });
}

/** What each gear takes of something that is no property: kills, bytes, strides. */
export function byGear({ deep, usual, fast }: Readonly<Record<'deep' | 'usual' | 'fast', number>>): number {
  return DEEP ? deep : FAST ? fast : usual;
}

const usual = DEEP ? 1 : Math.floor(Date.now() / 1_000) % 1_000_000;
/** The seed of this run: scripts/test.sh takes it from the commit, a deep run is always the same, and each run by hand another. */
export const SEED = Number(process.env['LAPTOP_DEV_TEST_SEED'] ?? usual);

/** All of them when it is deep; else `count`, one after another from a place that the seed says. */
export function some<T>(all: readonly T[], count: number): readonly T[] {
  return DEEP ? all : Array.from({ length: count }, (_, index) => all[(SEED + index) % all.length] as T);
}

/** All rows of a long table; in a fast run every fifth, or every so many as `stride` says. */
export function sampled<T>(rows: readonly T[], stride: number = STRIDE): readonly T[] {
  return FAST ? rows.filter((_, index) => (index + SEED) % stride === 0) : rows;
}
