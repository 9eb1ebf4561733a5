/**
 * How deep the property suites, traces and kill rounds go. `./scripts/test.sh --deep` (LAPTOP_DEV_TEST_DEEP=1) runs all of them; every
 * other run takes a share. The names of the tests say how many; LAPTOP_DEV_TEST_SEED=N has the cases of a run again.
 */
export const DEEP = process.env['LAPTOP_DEV_TEST_DEEP'] === '1';

/** The share of a suite that each run takes. */
const SHARE = 0.1;
/** The least runs of a property that say anything. */
const LEAST = 20;

/** The rounds of this run, of a suite that has `all` when it is deep. */
export function rounds(all: number): number {
  return DEEP ? all : Math.min(all, Math.max(LEAST, Math.ceil(all * SHARE)));
}

const usual = DEEP || process.env['CI'] ? 1 : Math.floor(Date.now() / 1_000) % 1_000_000;
/** The seed of this run: the same in each run of CI and in a deep one, another in each run by hand. */
export const SEED = Number(process.env['LAPTOP_DEV_TEST_SEED'] ?? usual);

/** All of them when it is deep; else `count`, one after another from a place that the seed says. */
export function some<T>(all: readonly T[], count: number): readonly T[] {
  return DEEP ? all : Array.from({ length: count }, (_, index) => all[(SEED + index) % all.length] as T);
}
