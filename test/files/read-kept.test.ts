import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { refuseForeign } from '../../daemon/client/transport.js';
import { userText } from '../../daemon/files/fault.js';
import { readPid } from '../../daemon/files/lock.js';
import { makeFolder, readKept } from '../../daemon/files/read-kept.js';
import { createHistory } from '../../daemon/history/history.js';
import { knownBuilds } from '../../daemon/images/known-builds.js';
import { undoChanged } from '../../daemon/platform/wsl/changed-file.js';
import { createTickFile } from '../../daemon/schedule/tick-file.js';
import { type Failure, FailureError } from '../../daemon/shared/failure.js';
import { createStateFile } from '../../daemon/state-file/state-file.js';
import { tempFolder } from './support/kept.js';

const isRoot = process.getuid?.() === 0;

function refusalOf(read: () => unknown): Failure {
  try {
    throw new Error(`it was read: ${JSON.stringify(read())}`);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    throw error;
  }
}

type Strange = readonly [what: string, make: (path: string) => void, said: RegExp];

/** Only root gives files away; CI runs as root. */
const OF_OTHERS: readonly Strange[] = isRoot
  ? [
      [
        'a file of another user',
        path => {
          writeFileSync(path, '{}', { mode: 0o600 });
          chownSync(path, 65_534, 65_534);
        },
        /belongs to nobody, not to root/,
      ],
      [
        'a file of another user in our group',
        path => {
          writeFileSync(path, '{}', { mode: 0o600 });
          chownSync(path, 65_534, 0);
        },
        /belongs to nobody, not to root/,
      ],
    ]
  : [];

/** What may stand in the place of a file of ours, and what is said of it. */
const STRANGE: readonly Strange[] = [
  ['a link to a device that never ends', path => symlinkSync('/dev/zero', path), /is a symbolic link to \/dev\/zero, not a file/],
  [
    'a link to a good file',
    path => {
      writeFileSync(`${path}.real`, '{}');
      symlinkSync(`${path}.real`, path);
    },
    /is a symbolic link/,
  ],
  ['a link to nothing', path => symlinkSync('/nowhere', path), /is a symbolic link/],
  ['a pipe that nobody writes to', path => spawnSync('mkfifo', [path]), /is a pipe/],
  ['a folder', path => mkdirSync(path), /is a folder/],
  [
    'a file that all may write',
    path => {
      writeFileSync(path, '{}');
      chmodSync(path, 0o777);
    },
    /may be written by other users \(mode 777\)/,
  ],
  [
    'a file that the group may write',
    path => {
      writeFileSync(path, '{}');
      chmodSync(path, 0o660);
    },
    /may be written by other users \(mode 660\)/,
  ],
  ['a sparse file of 1 TB', path => spawnSync('truncate', ['-s', '1T', path]), /has 1099511627776 bytes/],
  ...OF_OTHERS,
];

describe.each(STRANGE)('%s', (_what, make, said) => {
  it('is refused in the place of the state, at once, with what to do', () => {
    const path = join(tempFolder(), 'state.json');
    make(path);
    const store = createStateFile(path, () => null);
    const found = refusalOf(() => store.load());
    expect([found.code, found.message]).toEqual(['file-refused', expect.stringMatching(said)]);
    expect(found.remedies.join()).toMatch(/mv |chown|chmod/);
  });

  it('says nothing as ticks, builds, PID or a day of the history, and is not waited for', async () => {
    const folder = tempFolder();
    make(join(folder, 'ticks.json'));
    const refused: unknown[] = [];
    expect(createTickFile(join(folder, 'ticks.json'), error => refused.push(error)).load()).toEqual({});
    expect(refused).toHaveLength(1);
    make(join(folder, 'daemon.lock'));
    expect(readPid(join(folder, 'daemon.lock'))).toBeNull();
    const builds = knownBuilds(folder);
    builds.write('shop/api', { quick: 'q', imageId: 'i' });
    expect(builds.read('shop/api')).toEqual({ quick: 'q', imageId: 'i' });
    mkdirSync(join(folder, 'history'));
    const at = Date.UTC(2026, 2, 10, 12);
    make(join(folder, 'history/2026-03-10.jsonl'));
    const warned: string[] = [];
    const log = { debug: () => {}, info: () => {}, warn: (_: object, text: string) => warned.push(text), error: () => {} };
    const history = createHistory({ folder: join(folder, 'history'), clock: { now: () => 0, wall: () => at }, log });
    expect(await history.points('shop/api', at - 60_000)).toEqual([]);
    history.add([{ id: 'shop/api', container: 'c', workingSet: 1, cpu: 0 }]);
    history.close();
  });

  it('is refused as the changes of .wslconfig', () => {
    const path = join(tempFolder(), 'undo.json');
    make(path);
    expect(refusalOf(() => undoChanged(path, { force: false, dryRun: false })).code).toBe('file-refused');
  });
});

describe('what is read', () => {
  it('is a file of this user, also one that others may read', () => {
    const path = join(tempFolder(), 'x');
    expect(readKept(path, 10)).toBeNull();
    writeFileSync(path, '0123456789', { mode: 0o644 });
    expect(readKept(path, 10)?.toString()).toBe('0123456789');
    expect(refusalOf(() => readKept(path, 9)).message).toContain('10 bytes; 9 are the most');
  });
});

it.runIf(isRoot)('a file of this user is read in whichever group it is', () => {
  const path = join(tempFolder(), 'x');
  writeFileSync(path, '0123456789', { mode: 0o640 });
  chownSync(path, 0, 65_534);
  expect(readKept(path, 10)?.toString()).toBe('0123456789');
});

describe('the folder of the state', () => {
  it.each([
    ['a file', (path: string) => writeFileSync(path, ''), 'not-written', /File exists|EEXIST|could not be written/i],
    [
      'open to others',
      (path: string) => {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
      'file-refused',
      /may be written to by other users \(mode 777\)/,
    ],
    [
      'a link to a folder that is open to others',
      (path: string) => {
        mkdirSync(`${path}.real`);
        chmodSync(`${path}.real`, 0o770);
        symlinkSync(`${path}.real`, path);
      },
      'file-refused',
      /may be written to by other users/,
    ],
  ])('is refused where it is %s', (_what, make, code, said) => {
    const path = join(tempFolder(), 'state');
    make(path);
    const found = refusalOf(() => makeFolder(path));
    expect([found.code === 'internal' ? 'not-written' : found.code, found.message]).toEqual([code, expect.stringMatching(said)]);
  });

  it('may be a link to one of this user’s, and is made where there is none', () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'real'), { mode: 0o700 });
    symlinkSync('real', join(folder, 'state'));
    makeFolder(join(folder, 'state'));
    expect(lstatSync(join(folder, 'state')).isSymbolicLink()).toBe(true);
    makeFolder(join(folder, 'new/state'));
    expect(lstatSync(join(folder, 'new/state')).isDirectory()).toBe(true);
  });
});

it.runIf(isRoot)('a socket of another user, or in a folder of another user, is sent nothing', async () => {
  const folder = tempFolder();
  const socket = join(folder, 'daemon.sock');
  const server = createServer().listen(socket);
  onTestFinished(() => void server.close());
  await new Promise(resolve => server.once('listening', resolve));
  refuseForeign(socket);
  chownSync(socket, 65_534, 65_534);
  expect(refusalOf(() => refuseForeign(socket)).message).toContain(`belongs to another user, ${userText(65_534)}`);
  chownSync(socket, 0, 0);
  chownSync(folder, 65_534, 65_534);
  expect(refusalOf(() => refuseForeign(socket)).code).toBe('daemon-unavailable');
});
