import { describe, expect, it } from 'vitest';
import { byGear, SEED, sampled } from '../../support/deep.js';
import { casesOf, idOf, MATRIX, MODES } from './matrix.js';
import { DEVIATIONS, mistakeIn, ours, RECORDED, recordedAnswers, textOf } from './matrix-check.js';

/** Deep all, else every sixth case: some 500, others with another seed. */
const STRIDE = byGear({ deep: 1, usual: 6, fast: 60 });
const isTaken = (index: number): boolean => (index + SEED) % STRIDE === 0;

const cases = MATRIX.flatMap(entry => MODES.flatMap(mode => casesOf(entry, mode)));

it('there are at least 800 cases, and an answer of both versions to each', () => {
  expect(cases.length).toBeGreaterThanOrEqual(800);
  expect(cases.filter(({ id }) => Object.keys(RECORDED[id] ?? {}).length !== 2)).toEqual([]);
  expect(Object.keys(RECORDED)).toHaveLength(cases.length);
});

const taken = new Set(cases.filter((_, index) => isTaken(index)).map(({ id }) => id));

describe(`each key, in each mix of its forms, comes to what docker-compose makes of it: ${taken.size} of ${cases.length} cases`, () => {
  it.each(MATRIX.map(entry => [idOf(entry), entry] as const))('%s', async (_, entry) => {
    const wrong: unknown[] = [];
    for (const which of MODES.flatMap(mode => casesOf(entry, mode)).filter(({ id }) => taken.has(id))) {
      const mistake = await mistakeIn(which, recordedAnswers(which));
      if (mistake !== null) wrong.push(mistake);
    }
    expect(wrong).toEqual([]);
  });
});

it('no case is listed as different that is not', async () => {
  const needless: string[] = [];
  for (const which of sampled(cases.filter(({ id }) => DEVIATIONS.some(deviation => deviation.id.test(id)))))
    if (recordedAnswers(which).includes(textOf(await ours(which)))) needless.push(which.id);
  expect(needless).toEqual([]);
});
