import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askCompose } from './docker-compose.js';
import { casesOf, filesOf, idOf, MATRIX, type MergeCase, MODES, type Mode, suffixOf } from './matrix.js';
import { type Outcome, outcomeOf } from './matrix-answers.js';
import { reduceRecorded } from './oracle.js';

/** What a docker-compose makes of the cases, by id. Many stand in one project; where it is refused, halves of it are asked. */
export function answersOf(
  binary: string,
  cases: readonly MergeCase[],
  mode: Mode,
  into: Map<string, Outcome> = new Map(),
): Map<string, Outcome> {
  if (cases.length === 0) return into;
  const folder = mkdtempSync(join(tmpdir(), 'compose-matrix-'));
  const { files, order } = filesOf(cases, mode);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const answer = askCompose(binary, folder, order, undefined, ['-p', 'p']);
  rmSync(folder, { recursive: true, force: true });
  if ('model' in answer) {
    // Paths are made absolute when they are reduced, so the folder goes last.
    const reduced = JSON.parse(JSON.stringify(reduceRecorded(answer.model)).replaceAll(folder, '<dir>'));
    for (const which of cases) into.set(which.id, outcomeOf(reduced, which));
    return into;
  }
  const [only] = cases;
  if (cases.length === 1 && only !== undefined) return into.set(only.id, 'refused');
  const named = cases.filter(which => answer.refused.includes(suffixOf(which)));
  for (const which of named) into.set(which.id, 'refused');
  const others = cases.filter(which => !named.includes(which));
  if (named.length > 0) return answersOf(binary, others, mode, into);
  const half = Math.ceil(cases.length / 2);
  answersOf(binary, cases.slice(0, half), mode, into);
  return answersOf(binary, cases.slice(half), mode, into);
}

/** Records every case with each binary: by key, then by outcome where all agree, as `base/over mode`. */
export function record(binaries: Readonly<Record<string, string>>, filter: string, log: (text: string) => void): Record<string, unknown> {
  const recorded: Record<string, unknown> = {};
  for (const entry of MATRIX) {
    if (!idOf(entry).includes(filter)) continue;
    for (const mode of MODES) {
      // Without a value in the first file is what is refused most: those by themselves, or each spoils a whole batch.
      const cases = casesOf(entry, mode);
      const bare = (which: MergeCase): boolean => entry.forms[which.base] === '' && entry.forms[which.over] !== '';
      for (const [version, binary] of Object.entries(binaries)) {
        const answers = new Map([
          ...answersOf(
            binary,
            cases.filter(which => !bare(which)),
            mode,
          ),
          ...answersOf(binary, cases.filter(bare), mode),
        ]);
        for (const [id, outcome] of answers) recorded[id] = { ...(recorded[id] as object | undefined), [version]: outcome };
      }
    }
    log(idOf(entry));
  }
  return recorded;
}
