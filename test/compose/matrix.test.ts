import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { load } from './files.js';
import { casesOf, filesOf, idOf, MATRIX, type MergeCase, MODES } from './matrix.js';
import { type Outcome, outcomeOf } from './matrix-answers.js';
import { reduceOurs } from './oracle.js';

/** What docker-compose 2.26.1 and 2.40.3 made of each case; recorded by scripts/record-compose-matrix.mjs. */
const RECORDED: Readonly<Record<string, Readonly<Record<string, Outcome>>>> = JSON.parse(
  gunzipSync(readFileSync(join(import.meta.dirname, 'matrix-answers.json.gz'))).toString('utf8'),
);

/** Where we mean to differ, with the reason; docs/compose.md has the same list. */
const DEVIATIONS: readonly { readonly id: RegExp; readonly reason: string }[] = [
  { id: / 0\/\d+ extends$/, reason: 'a key without a value in an extended file: docker-compose stumbles over some and takes others' },
  { id: /^(security_opt|group_add) (1\/1|2\/2) /, reason: 'the same entry in both files is there once; docker-compose refuses it' },
  { id: /^tmpfs (3\/4|4\/3) /, reason: 'the later options of a target hold; docker-compose refuses it as mounted twice' },
  { id: /^pid 0\/0 /, reason: 'a key without a value says nothing' },
  {
    id: /^volumes\.v1\.labels /,
    reason: 'labels of volumes merge as those of networks; docker-compose refuses a label that both files have',
  },
];

const cases = MATRIX.flatMap(entry => MODES.flatMap(mode => casesOf(entry, mode)));

/** What we make of one case, alone in its project. */
async function ours(which: MergeCase): Promise<Outcome> {
  const { files, order } = filesOf([which], which.mode);
  const { project } = await load(files, { files: order, projectName: 'p' });
  if (project === null) return 'refused';
  const folder = project.sources[0]?.replace(/\/[^/]*$/, '') ?? '';
  return outcomeOf(JSON.parse(JSON.stringify(reduceOurs(project)).replaceAll(folder, '<dir>')), which);
}

/** The order of keys means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, sorted(inner)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

it('there are at least 800 cases, and an answer to each', () => {
  expect(cases.length).toBeGreaterThanOrEqual(800);
  expect(cases.filter(({ id }) => RECORDED[id] === undefined)).toEqual([]);
});

describe('each key, in each mix of its forms, comes to what docker-compose makes of it', () => {
  it.each(MATRIX.map(entry => [idOf(entry), entry] as const))('%s', async (_, entry) => {
    const wrong: unknown[] = [];
    for (const which of MODES.flatMap(mode => casesOf(entry, mode))) {
      if (DEVIATIONS.some(({ id }) => id.test(which.id))) continue;
      const found = JSON.stringify(sorted(await ours(which)));
      // The two versions differ here and there: either is Compose.
      const answers = Object.values(RECORDED[which.id] ?? {}).map(answer => JSON.stringify(sorted(answer)));
      if (!answers.includes(found))
        wrong.push({ id: which.id, forms: [entry.forms[which.base], entry.forms[which.over]], found, answers: [...new Set(answers)] });
    }
    expect(wrong).toEqual([]);
  });
});
