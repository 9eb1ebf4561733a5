import { expect, test } from 'vitest';
import { byGear, FAST, rounds, SEED } from '../support/deep.js';
import { runAll } from './support/trace.js';

// Of the same property as in arbiter.test.ts, where a fast run has the least that it needs; here it has some more, of other seeds.
const TRACES = byGear({ deep: 5_000, usual: rounds(5_000), fast: 5 });
const FIRST = SEED + 5_000;

test(`whatever happens, the rules hold: another ${TRACES} traces of 200 steps`, () => {
  // In a few traces not all of it happens; that clients are served does.
  const counts = runAll(FIRST, FIRST + TRACES - 1);
  for (const [what, count] of FAST ? [['served', counts.served] as const] : Object.entries(counts))
    expect(count, what).toBeGreaterThan(FAST ? 0 : TRACES / 10);
}, 600_000);
