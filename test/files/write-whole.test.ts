import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweep, writeWhole } from '../../daemon/files/write-whole.js';
import { append, fileOf } from '../../daemon/history/day-files.js';
import { createStateFile } from '../../daemon/state-file/state-file.js';
import { byGear, some } from '../support/deep.js';
import { failing, KEPT, modeOf, type Name, NOON, narrow, point, tempFolder, temporaries } from './support/kept.js';

/** What a write that fails leaves in the caller's hands: a thrown error, or a failure. */
function outcome(write: () => unknown): { readonly code: string; readonly message: string } | null {
  try {
    const value = write();
    return typeof value === 'object' && value !== null && 'message' in value ? codeAndMessage(value) : null;
  } catch (error) {
    return codeAndMessage(error);
  }
}

function codeAndMessage(value: unknown): { code: string; message: string } {
  const found = value as { code?: string; message: string; failure?: { code: string; message: string } };
  return { code: found.failure?.code ?? found.code ?? '', message: found.failure?.message ?? found.message };
}

describe.each(KEPT)('$what', ({ write, read }) => {
  const FAULTS: readonly [Name, string][] = [
    ['openSync', 'ENOSPC'],
    ['writeSync', 'ENOSPC'],
    ['writeSync', 'EIO'],
    ['writeSync', 'EDQUOT'],
    ['renameSync', 'EIO'],
    ['renameSync', 'ENOSPC'],
  ];

  it.each(FAULTS)('is as it was when %s fails with %s, and that is told', (name, code) => {
    const folder = tempFolder();
    write(folder, 1);
    const before = read(folder);
    const found = outcome(() => write(folder, 2, failing(name, code)));
    expect(found?.code).toMatch(new RegExp(`^(${code}|not-written)$`));
    expect(read(folder)).toEqual(before);
    expect(temporaries(folder)).toEqual([]);
  });

  it('is as it was after a short write of a disk that has no more room', () => {
    const folder = tempFolder();
    write(folder, 1);
    const before = read(folder);
    expect(outcome(() => write(folder, 2, narrow(20, 20)))).not.toBeNull();
    expect(read(folder)).toEqual(before);
    expect(temporaries(folder)).toEqual([]);
  });

  it('is whole when the kernel takes it in pieces', () => {
    const [folder, other] = [tempFolder(), tempFolder()];
    for (const each of [folder, other]) write(each, 1);
    write(folder, 1, narrow(7));
    write(other, 1, failing('fchownSync', 'none'));
    expect(read(folder)).toEqual(read(other));
  });
});

describe('a write that is killed', () => {
  let program: string;
  beforeAll(async () => {
    program = join(mkdtempSync(join(tmpdir(), 'ld-writer-')), 'writer.mjs');
    const contents = `
      import * as node from 'node:fs';
      import { writeWhole } from './write-whole.js';
      import { createWriteBehind } from './write-behind.js';
      const [how, file, at, content] = process.argv.slice(2);
      const die = () => process.kill(process.pid, 'SIGKILL');
      const calls = { ...node };
      const [name, when] = at.split(' ');
      calls[name] = (...args) => {
        if (when === 'before') die();
        const result = name === 'writeSync' ? node.writeSync(args[0], args[1], args[2], 5) : node[name](...args);
        die();
        return result;
      };
      if (how === 'behind') createWriteBehind(file, () => {}, calls).write(content);
      else writeWhole(file, content, { whose: how }, calls);
      setInterval(() => {}, 1000);`;
    await build({
      stdin: { contents, resolveDir: join(import.meta.dirname, '../../daemon/files') },
      outfile: program, bundle: true, platform: 'node', format: 'esm', target: 'node20',
    }); // biome-ignore format: as a call
  });

  afterAll(() => rmSync(dirname(program), { recursive: true }));

  const POINTS = ['writeSync after', 'renameSync before', 'renameSync after'] as const;
  const KILLS = ['ours', 'user', 'behind'].flatMap(how => POINTS.map(at => ({ how, at })));
  it.each(some(KILLS, byGear({ deep: KILLS.length, usual: KILLS.length, fast: POINTS.length })))(
    'leaves the old or the new one ($how, killed: $at)',
    async ({ how, at }) => {
      const folder = tempFolder();
      const file = join(folder, 'state.json');
      writeFileSync(file, 'the old one', { mode: 0o600 });
      const child = spawn(process.execPath, [program, how, file, at, 'the new content'], { stdio: 'ignore' });
      const [, signal] = await once(child, 'exit');
      expect(signal).toBe('SIGKILL');
      expect(readFileSync(file, 'utf8')).toBe(at === 'renameSync after' ? 'the new content' : 'the old one');
      expect(temporaries(folder)).toHaveLength(at === 'renameSync after' ? 0 : 1);
      if (how === 'user') writeWhole(file, 'a later one', { whose: 'user' });
      else sweep(folder);
      expect(temporaries(folder)).toEqual([]);
    },
  );
});

describe('a file of the user’s', () => {
  it('keeps its mode and its link', () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'dotfiles'));
    const real = join(folder, 'dotfiles/unit');
    writeFileSync(real, 'old');
    chmodSync(real, 0o640);
    symlinkSync('dotfiles/unit', join(folder, 'unit'));
    writeWhole(join(folder, 'unit'), 'new', { whose: 'user' });
    expect([lstatSync(join(folder, 'unit')).isSymbolicLink(), readFileSync(real, 'utf8'), modeOf(real)]).toEqual([true, 'new', 0o640]);
    symlinkSync('nowhere/yet', join(folder, 'dangling'));
    mkdirSync(join(folder, 'nowhere'));
    writeWhole(join(folder, 'dangling'), 'new', { whose: 'user' });
    expect(readFileSync(join(folder, 'nowhere/yet'), 'utf8')).toBe('new');
  });

  it('is never put in the place of a device, a pipe or a folder, nor over one that must not be there', () => {
    const folder = tempFolder();
    spawnSync('mkfifo', [join(folder, 'pipe')]);
    expect(() => writeWhole(join(folder, 'pipe'), 'x', { whose: 'user' })).toThrow('neither a file');
    expect(() => writeWhole('/dev/null', 'x', { whose: 'ours' })).toThrow('neither a file');
    expect(() => writeWhole(folder, 'x', { whose: 'user' })).toThrow('EISDIR');
    writeFileSync(join(folder, 'report'), 'mine');
    expect(() => writeWhole(join(folder, 'report'), 'x', { whose: 'ours', isNew: true })).toThrow('EEXIST');
    expect(readFileSync(join(folder, 'report'), 'utf8')).toBe('mine');
    expect(readdirSync(folder).sort()).toEqual(['pipe', 'report']);
  });

  it('of ours is for its owner alone, and a link in its place is replaced', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'other'), 'other');
    symlinkSync('other', join(folder, 'report'));
    writeWhole(join(folder, 'report'), 'mine', { whose: 'ours' });
    expect([readFileSync(join(folder, 'other'), 'utf8'), modeOf(join(folder, 'report'))]).toEqual(['other', 0o600]);
  });
});

describe('the state, whose disk is waited for in the background', () => {
  const intent = (text: string) => ({ version: 1, projects: [], trusted: [text] }) as const;

  it('is the one before it after a power cut that took the newer one', async () => {
    const folder = tempFolder();
    const file = join(folder, 'state.json');
    const first = createStateFile(file, () => null);
    first.save(intent('a'));
    await expect.poll(() => existsSync(`${file}.before`)).toBe(false);
    const held = { ...failing('fsync', 'none', Number.POSITIVE_INFINITY), fsync: () => undefined } as never;
    createStateFile(file, () => null, { calls: held }).save(intent('b'));
    expect(createStateFile(file, () => null).load().intent).toEqual(intent('b'));
    writeFileSync(file, '');
    const { intent: found, warning } = createStateFile(file, () => null).load();
    expect([found, warning]).toEqual([intent('a'), expect.stringContaining('The one before it was whole')]);
    expect(createStateFile(file, () => null).load()).toEqual({ intent: intent('a'), warning: null });
  });

  it('tells of a disk that refuses it later', async () => {
    const folder = tempFolder();
    const store = createStateFile(join(folder, 'state.json'), () => null, { calls: failing('fsync', 'EIO') });
    const failed = new Promise(resolve => store.onUnsynced?.(resolve));
    expect(store.save(intent('a'))).toBeNull();
    expect(await failed).toMatchObject({ code: 'not-written', details: { cause: 'EIO' } });
  });
});

describe('a day of the history that is appended to', () => {
  it.each([
    ['a short write', (bytes: number) => narrow(bytes)],
    ['no space', () => failing('writeSync', 'ENOSPC')],
    ['an error of the disk', () => failing('writeSync', 'EIO')],
  ])('is as before after %s', (_what, calls) => {
    const folder = tempFolder();
    append(folder, NOON, point(NOON));
    const file = fileOf(folder, NOON);
    const before = readFileSync(file, 'utf8');
    expect(() => append(folder, NOON, point(NOON + 1), { ...calls(10), ftruncateSync })).toThrow();
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});
