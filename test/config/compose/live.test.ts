import { describe, expect, it } from 'vitest';
import { DEEP, SEED } from '../../support/deep.js';
import { findCompose } from './docker-compose.js';
import { casesOf, MATRIX, type MergeCase, MODES } from './matrix.js';
import { mistakeIn, RECORDED, recordedAnswers, textOf } from './matrix-check.js';
import { answersOf } from './record-matrix.js';

/** Cases of one key in one mode stand in one project, which is asked at once; where some are refused, a few times more. */
const GROUPS = DEEP ? 24 : 4;
const CASES_OF_GROUP = 8;

const found = findCompose();

/** Numbers from 0 to below 1, the same for the same seed (Mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function chosen<T>(from: readonly T[], count: number, next: () => number): T[] {
  return from
    .map(item => [next(), item] as const)
    .sort(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, item]) => item);
}

const next = numbersFrom(SEED);
const groups = MATRIX.flatMap(entry => MODES.map(mode => casesOf(entry, mode))).filter(cases => cases.length > 0);
const share = chosen(groups, GROUPS, next).map(group => chosen(group, CASES_OF_GROUP, next));

/** The answers of a docker-compose that is asked now; of one of the recorded versions they are what was recorded. */
function liveAnswers({ binary, version }: { binary: string; version: string }, group: readonly MergeCase[]): Map<string, string[]> {
  const [first] = group;
  const answers = first === undefined ? new Map() : answersOf(binary, group, first.mode);
  const recordedAs = version.split('.').slice(0, 2).join('.');
  return new Map(
    group.map(which => {
      const answer = textOf(answers.get(which.id));
      const recorded = RECORDED[which.id]?.[recordedAs];
      const expected = recorded === undefined ? recordedAnswers(which) : [textOf(recorded)];
      expect(expected, `${which.id}: docker-compose ${version}, and the recorded answers`).toContain(answer);
      return [which.id, [answer]];
    }),
  );
}

describe(`a share of the merge matrix, seed ${SEED}`, () => {
  const by =
    found === null ? 'the recorded answers (no docker-compose 2.26 or newer is found)' : `docker-compose ${found.version}, asked now`;
  it(`${GROUPS} groups come to what they are by ${by}`, { timeout: 60_000 }, async () => {
    const wrong: unknown[] = [];
    for (const group of share) {
      const live = found === null ? null : liveAnswers(found, group);
      for (const which of group) {
        // Where two versions differ, ours is that of either.
        const mistake = await mistakeIn(which, [...(live?.get(which.id) ?? []), ...recordedAnswers(which)]);
        if (mistake !== null) wrong.push(mistake);
      }
    }
    expect(wrong).toEqual([]);
  });
});
