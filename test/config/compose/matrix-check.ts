import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { load } from './files.js';
import { filesOf, type MergeCase } from './matrix.js';
import { type Outcome, outcomeOf } from './matrix-answers.js';
import { reduceOurs } from './oracle.js';

/** What docker-compose 2.26.1 and 2.40.3 made of each case, by id and version; recorded by scripts/record-compose-matrix.mjs. */
export const RECORDED: Readonly<Record<string, Readonly<Record<string, Outcome>>>> = JSON.parse(
  gunzipSync(readFileSync(join(import.meta.dirname, 'matrix-answers.json.gz'))).toString('utf8'),
);

/** Where we mean to differ, with the reason: in each of these cases docker-compose refuses what is read here. docs/compose.md has the same list. */
export const DEVIATIONS: readonly { readonly id: RegExp; readonly reason: string }[] = [
  { id: /^(security_opt|group_add) (1\/1|2\/2) /, reason: 'the same entry in both files is there once' },
  { id: /^volumes\.v1\.labels (1\/1|2\/2|[34]\/[34]) /, reason: 'the same label with the same value in both files is there once' },
  { id: /^pid 0\/0 /, reason: 'a key without a value in both files says nothing' },
];

/** What we make of one case, alone in its project. */
export async function ours(which: MergeCase): Promise<Outcome> {
  const { files, order } = filesOf([which], which.mode);
  const { project } = await load(files, { files: order, projectName: 'p' });
  if (project === null) return 'refused';
  const folder = project.sources[0]?.replace(/\/[^/]*$/, '') ?? '';
  return outcomeOf(JSON.parse(JSON.stringify(reduceOurs(project)).replaceAll(folder, '<dir>')), which);
}

/** An outcome as a text, the same for equal outcomes: the order of keys means nothing. */
export function textOf(outcome: unknown): string {
  return JSON.stringify(sorted(outcome));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, sorted(inner)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The recorded answers to a case: the two versions differ here and there, and either is Compose. */
export function recordedAnswers({ id }: MergeCase): string[] {
  return [...new Set(Object.values(RECORDED[id] ?? {}).map(textOf))];
}

/** What is wrong with what we make of a case; null: it is one of the answers, or differs on purpose. */
export async function mistakeIn(which: MergeCase, answers: readonly string[]): Promise<unknown> {
  const { entry, base, over, id } = which;
  const found = textOf(await ours(which));
  if (answers.includes(found)) return null;
  if (DEVIATIONS.some(deviation => deviation.id.test(id)) && answers.every(answer => answer === textOf('refused'))) return null;
  return { id, forms: [entry.forms[base], entry.forms[over]], found, answers };
}
