import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { profileFilesIn } from '../../../daemon/config/profiles/files.js';
import { loadProfile } from '../../../daemon/config/profiles/load.js';
import { formatProblem } from '../../../daemon/shared/problem.js';

const CORPUS = fileURLToPath(new URL('../../corpus/profiles', import.meta.url));
const BUILT_IN = fileURLToPath(new URL('../../../profiles', import.meta.url));

/** expected.txt: `== file`, then each message as people read it, the folder left out. */
const expected = new Map(
  readFileSync(join(CORPUS, 'expected.txt'), 'utf8')
    .split(/^== /m)
    .slice(1)
    .map(block => block.trim().split('\n'))
    .map(([file, ...messages]) => [file ?? '', messages]),
);
/** Files that others of the corpus extend. */
const BASES = ['bad-start', 'sleepy', 'circle-a', 'circle-b', 'circle-c'].map(name => join(CORPUS, `${name}.yaml`));

describe('malformed profiles', () => {
  it.each([...expected])('%s', async (file, messages) => {
    const path = join(CORPUS, file);
    const { profile, problems } = await loadProfile(path, { files: [path, ...BASES], builtIn: BUILT_IN });
    expect(profile).toBeNull();
    expect(problems.map(problem => formatProblem(problem).replaceAll(`${CORPUS}/`, ''))).toEqual(messages);
    for (const problem of problems) expect([problem.line, problem.column].every(figure => figure >= 1)).toBe(true);
  });

  it('leaves no file of the corpus out', async () => {
    const files = (await profileFilesIn(CORPUS)).map(file => basename(file));
    expect(files.filter(file => !expected.has(file))).toEqual(['circle-b.yaml', 'circle-c.yaml', 'sleepy.yaml']);
  });
});
