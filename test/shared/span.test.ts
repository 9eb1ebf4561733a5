import { expect, test } from 'vitest';
import { formatSpan } from '../../daemon/shared/span.js';

test.each([
  [-5, '0 s'],
  [499, '0 s'],
  [40_000, '40 s'],
  [59_600, '1 m'],
  [120_000, '2 m'],
  [250_000, '4 m 10 s'],
  [3_599_999, '1 h'],
  [7_530_000, '2 h 5 m'],
])('%d ms: %s', (ms, words) => {
  expect(formatSpan(ms)).toBe(words);
});
