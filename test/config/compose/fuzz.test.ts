import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { knownShape } from '../../../daemon/config/compose/generated/schema.js';
import { loadCompose } from '../../../daemon/config/compose/load.js';
import { anyCharacter } from '../../support/any-character.js';
import { rounds } from '../../support/deep.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const GOOD = readdirSync(FIXTURES).map(name => readFileSync(join(FIXTURES, name, 'compose.yaml'), 'utf8'));
const SERVICE_KEYS = knownShape.in?.['services']?.any?.keys ?? [];

/** ms; hundreds of runs on a machine that may be busy. */
const SLOW = 120_000;

/** Whatever the file: an answer, never an exception; and no project exactly when something is wrong. */
async function check(folder: string, ...texts: string[]): Promise<void> {
  const files = texts.map((text, index) => {
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  const result = await loadCompose({
    files,
    projectDirectory: folder,
    projectName: null,
    environment: { A: 'a' },
    envFiles: null,
    profiles: ['*'],
  });
  expect(result.project === null).toBe(result.problems.length > 0);
  for (const { message, line, column } of [...result.problems, ...result.warnings]) {
    expect(message).not.toBe('');
    expect(line >= 0 && column >= 0).toBe(true);
  }
}

const word = fc.constantFrom(
  'web',
  'db',
  'data',
  '80:80',
  '${A}',
  '${B:-c}',
  './x:/y',
  'KEY=value',
  '10s',
  '512m',
  'no',
  '',
  'service:web',
  '*',
  '<<',
  '__proto__',
  'constructor',
);
const scalar = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string());
const value = fc.letrec(tie => ({
  any: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(word, fc.constantFrom(...SERVICE_KEYS)), tie('any'), { maxKeys: 3 }),
  ),
})).any;
const service = fc.dictionary(fc.constantFrom(...SERVICE_KEYS), value, { maxKeys: 8 });
const compose = fc.record(
  {
    name: scalar,
    services: fc.dictionary(word, service, { maxKeys: 3 }),
    networks: value,
    volumes: value,
    secrets: value,
    configs: value,
    include: value,
  },
  { requiredKeys: ['services'] },
);

/** A good file with some of its text cut out, doubled or replaced. */
const mutated = fc
  .tuple(
    fc.constantFrom(...GOOD),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(20),
        fc.constantFrom(
          '',
          ':',
          '- ',
          '{',
          ']',
          '"',
          "'",
          '&a ',
          '*a',
          '!reset ',
          '!override ',
          '<<: ',
          '\t',
          '\n',
          '  ',
          '$',
          '${',
          '# ',
          '|\n',
          'null',
          '\u0000',
          '😀',
        ),
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce(
      (result, [at, length, put]) => result.slice(0, at % (result.length + 1)) + put + result.slice((at % (result.length + 1)) + length),
      text,
    ),
  );

describe('no file makes the loader throw', { timeout: SLOW }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'laptop-dev-fuzz-'));
  const warnings: string[] = [];
  const note = (warning: Error): number => warnings.push(warning.message);
  beforeAll(() => process.on('warning', note));
  afterAll(() => {
    process.off('warning', note);
    rmSync(folder, { recursive: true, force: true });
    // What libraries print past the logger would end up in the daemon's output.
    expect(warnings).toEqual([]);
  });

  it('any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200, unit: anyCharacter }), text => check(folder, text)),
      { numRuns: rounds(300) },
    );
  });

  it('any tree under the keys of Compose', async () => {
    await fc.assert(
      fc.asyncProperty(compose, tree => check(folder, stringify(tree))),
      { numRuns: rounds(600) },
    );
  });

  it('a good file, damaged', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, text => check(folder, text)),
      { numRuns: rounds(600) },
    );
  });

  it('one damaged file laid on another', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, mutated, (one, two) => check(folder, one, two)),
      { numRuns: rounds(300) },
    );
  });

  it('any tree laid on any other', async () => {
    await fc.assert(
      fc.asyncProperty(compose, compose, (one, two) => check(folder, stringify(one), stringify(two))),
      { numRuns: rounds(300) },
    );
  });
});
