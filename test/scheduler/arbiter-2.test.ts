import { expect, test } from 'vitest';
import { FAST, rounds, SEED } from '../support/deep.js';
import { runAll } from './support/trace.js';

const TRACES = rounds(5_000);
const FIRST = SEED + 5_000;

test(`whatever happens, the rules hold: another ${TRACES} traces of 200 steps`, () => {
  for (const [what, count] of Object.entries(runAll(FIRST, FIRST + TRACES - 1)))
    expect(count, what).toBeGreaterThan(FAST ? 0 : TRACES / 10);
}, 600_000);
