import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { inCi } from '../../daemon/cli/cli.js';
import { openFileLimit, tooFewFiles } from '../../daemon/cli/open-files.js';
import { buildProgram, type Invocation } from '../../daemon/cli/parser/program.js';
import { cliFailure } from '../../daemon/cli/run.js';

async function type(line: string) {
  const found: Invocation[] = [];
  const said: string[] = [];
  const argv = line.split(' ');
  const call = async (invocation: Invocation) => void found.push(invocation);
  try {
    const program = await buildProgram(argv, call, { out: () => undefined, err: text => said.push(text) }, 0);
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { refused: cliFailure(error, said, argv), invocation: null };
  }
  return { refused: null, invocation: found[0] ?? null };
}

describe('what Compose has, too', () => {
  it.each([
    ['up -d', ['-d']],
    ['up --detach --build web', ['-d', '--build']],
    ['up -d --remove-orphans --quiet-pull', ['-d', '--remove-orphans']],
    ['down --remove-orphans', ['--remove-orphans']],
    ['exec -it web sh -c x', []],
    ['exec -i -t -T web sh', []],
  ])('%s is taken, with a word for what it asks in vain', async (line, words) => {
    const { refused, invocation } = await type(line);
    expect(refused).toBeNull();
    expect((invocation?.notes ?? []).map(note => note.split(':', 1)[0])).toEqual(words);
  });

  it('keeps the words of a command that is run', async () => {
    expect((await type('exec -it web sh -c x -t')).invocation?.args).toEqual(['web', 'sh', '-c', 'x', '-t']);
  });

  it('reads --tail all, and --force-recreate as --recreate', async () => {
    expect((await type('logs --tail all')).invocation?.options).toEqual({ tail: Number.POSITIVE_INFINITY });
    expect((await type('logs -n all -f web')).invocation?.options).toMatchObject({ tail: Number.POSITIVE_INFINITY, follow: true });
    expect((await type('daemon logs --tail all')).invocation?.options).toEqual({ tail: Number.POSITIVE_INFINITY });
    expect((await type('up --force-recreate')).invocation?.options).toEqual({ recreate: true });
  });

  it.each([
    ['down -v', 'laptop-dev down --volumes'],
    ['down --rmi all', 'docker image rm'],
    ['down -t 3', 'stop_grace_period'],
    ['stop --timeout=3 web', 'stop_grace_period'],
    ['up --scale web=3', 'A service has one container'],
    ['up --pull always', 'builds and pulls'],
    ['up --abort-on-container-exit', 'laptop-dev run --with'],
    ['--profile full up', 'laptop-dev up PROFILE'],
    ['--project-directory x ps', '--project FOLDER'],
    ['ps --format json', '--json'],
    ['ps --services', '--json'],
    ['logs -t', '--json'],
    ['logs --until 5m', '--since'],
    ['exec -d web sh', 'laptop-dev exec SERVICE'],
    ['run --rm web sh', 'laptop-dev exec SERVICE -- COMMAND'],
    ['run -it web sh', 'laptop-dev exec SERVICE -- COMMAND'],
    ['rm -f', 'laptop-dev down'],
    ['rm web', 'laptop-dev down'],
    ['logs --no-color', 'NO_COLOR=1'],
    ['up --no-color', 'NO_COLOR=1'],
    ['pull', 'laptop-dev up builds and pulls'],
    ['build web', 'laptop-dev up builds and pulls'],
    ['images', 'docker image ls'],
    ['kill web', 'laptop-dev stop'],
    ['top', 'laptop-dev stats'],
    ['port web 80', 'laptop-dev ps'],
    ['cp a b:c', 'docker cp'],
    ['compose up', 'laptop-dev up'],
    ['-v', 'laptop-dev version'],
  ])('%s is refused, and says what does it', async (line, hint) => {
    const { refused } = await type(line);
    expect([refused?.code, refused?.remedies.join()]).toEqual(['usage', expect.stringContaining(hint)]);
  });

  it('says nothing of words that it does not know, those of every object included', async () => {
    for (const line of ['frobnicate', 'constructor', 'up --constructor', 'up --toString'])
      expect((await type(line)).refused?.remedies).toEqual([
        'laptop-dev help lists the verbs, laptop-dev help VERB the arguments and options of one.',
      ]);
  });
});

it.each([
  [{}, false],
  [{ CI: '' }, false],
  [{ CI: 'false' }, false],
  [{ CI: 'False' }, false],
  [{ CI: '0' }, false],
  [{ CI: 'no' }, false],
  [{ CI: 'true' }, true],
  [{ CI: '1' }, true],
  [{ CI: 'woodpecker' }, true],
])('%j is CI: %s', (env, expected) => {
  expect(inCi(env)).toBe(expected);
});

it('says that too few files may be open, with the figures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ldt-limits-'));
  const file = join(folder, 'limits');
  writeFileSync(
    file,
    'Limit                     Soft Limit           Hard Limit           Units\nMax open files            100                  100                  files\n',
  );
  expect(tooFewFiles(openFileLimit(file))).toMatchObject({
    code: 'daemon-unavailable',
    details: { limit: 100, needed: 256 },
    remedies: [expect.stringContaining('ulimit -n')],
  });
  writeFileSync(file, 'Max open files            unlimited            unlimited            files\n');
  expect(tooFewFiles(openFileLimit(file))).toBeNull();
  expect(tooFewFiles(openFileLimit(join(folder, 'none')))).toBeNull();
  expect(tooFewFiles(1024)).toBeNull();
  rmSync(folder, { recursive: true });
});
