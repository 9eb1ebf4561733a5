import { expect, test } from 'vitest';
import { runAll } from './support/trace.js';

test('whatever happens, the rules hold: another 5,000 traces of 200 steps', () => {
  for (const [what, count] of Object.entries(runAll(5_001, 10_000))) expect(count, what).toBeGreaterThan(1_000);
}, 600_000);
