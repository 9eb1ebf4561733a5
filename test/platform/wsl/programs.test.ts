import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, type Ran, run, type StartProgram, textOf } from '../../../daemon/platform/wsl/programs.js';
import { readAnswer } from '../../../daemon/platform/wsl/windows.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ld-programs-'));
  const program = (name: string, body: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program('says', 'echo "$1 $WSL_UTF8 $WSLENV"; echo noise >&2');
  program('fails', 'echo half; exit 5');
  program('hangs', 'sleep 60');
  program('wide', `printf 'U\\0b\\0\\r\\0\\n\\0'`);
  program('words', `printf '<%s>' "$@"`);
  program('reads', 'cat; [ /dev/stdin -ef /dev/null ] && echo null; [ -t 0 ] && echo terminal; echo "end of $(cat | wc -c)"');
  program('floods', 'yes | head -c 20000000');
  writeFileSync(join(folder, 'no-program'), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a program', () => {
  const host = (env: Record<string, string> = {}) => ({ root: '', env: { PATH: `${folder}:/usr/bin:/bin`, ...env } });
  it('is heard, and told that UTF-8 is wanted, by WSLENV too', async () => {
    expect(await run(host(), 'says', ['a b'], 5000)).toEqual({ text: 'a b 1 WSL_UTF8\n', fault: null });
    expect((await run(host({ WSLENV: 'A/p' }), 'says', ['x'], 5000)).text).toBe('x 1 A/p:WSL_UTF8\n');
  });
  it('gets its words as they are, and is understood in UTF-16', async () => {
    const words = ['', 'a  b', `it's "quoted"`, '$HOME `id` *', 'C:\\src\\', 'two\nlines', 'ü 語'];
    expect((await run(host(), 'words', words, 5000)).text).toBe(words.map(word => `<${word}>`).join(''));
    expect(await run(host(), 'wide', [], 5000)).toEqual({ text: 'Ub\n', fault: null });
  });
  it.each([
    ['fails', 'fails failed (5)'],
    ['absent', 'there is no absent'],
    ['no-program', 'no-program cannot be run (EACCES)'],
    ['hangs', 'hangs gave no answer within 0.2 s'],
  ])('%s: said in words', async (name, fault) => {
    expect(await run(host(), name, [], name === 'hangs' ? 200 : 5000)).toEqual({ text: null, fault });
  });
  it('is started by what the host gives for it, with the same environment and the same words for what came of it', async () => {
    const asked: unknown[] = [];
    const outcomes: Outcome[] = [
      { kind: 'ended', stdout: Buffer.from('Ub\r\n', 'utf16le'), code: 0, signal: null },
      { kind: 'ended', stdout: Buffer.from('half'), code: null, signal: 'SIGTERM' },
      { kind: 'not-started', code: 'ENOENT' },
      { kind: 'not-started', code: 'EACCES' },
      { kind: 'late' },
    ];
    const told: Ran[] = [];
    for (const outcome of outcomes) {
      const start: StartProgram = async (...call) => {
        asked.push(call);
        return outcome;
      };
      told.push(await run({ root: '', env: { A: 'a' }, start }, 'x', ['y'], 300));
    }
    expect(told).toEqual([
      { text: 'Ub\n', fault: null },
      ...['x failed (SIGTERM)', 'there is no x', 'x cannot be run (EACCES)', 'x gave no answer within 0.3 s'].map(fault => ({
        text: null,
        fault,
      })),
    ]);
    expect(asked).toEqual(outcomes.map(() => ['x', ['y'], { A: 'a', WSL_UTF8: '1', WSLENV: 'WSL_UTF8' }, 300]));
  });
  it('reads nothing, from a pipe that is closed: /dev/null would be NUL to a Windows program', async () => {
    expect(await run(host(), 'reads', [], 5000)).toEqual({ text: 'end of 0\n', fault: null });
  });
  it('that says too much is cut', async () => {
    const { text } = await run(host(), 'floods', [], 20_000);
    expect(text?.length).toBeGreaterThan(8_000_000);
    expect(text?.length).toBeLessThan(9_000_000);
  });
});

describe('what Windows programs print', () => {
  it.each([
    ['UTF-8', Buffer.from('Ubuntu\r\nDebian\r\n')],
    ['UTF-16 without a mark', Buffer.from('Ubuntu\r\nDebian\r\n', 'utf16le')],
    ['UTF-16 with one', Buffer.from('\ufeffUbuntu\r\nDebian\r\n', 'utf16le')],
    ['UTF-8 with one', Buffer.from('\ufeffUbuntu\r\nDebian\r\n')],
  ])('%s', (_, bytes) => {
    expect(textOf(bytes)).toBe('Ubuntu\nDebian\n');
  });
  it.each([
    ['all', 'total=16000000\nfree=1000\nbuild=22631\ncpus=8\nprofile=C:\\Users\\Jo=e\n', { cpus: 8, build: 22631, profile: 'C:\\Users\\Jo=e', total: 16_384_000_000 }],
    ['no build', 'total=1\nfree=1\ncpus=1\nprofile=D:\\x\n', { build: null }],
    ['blanks', ' total = 1 \n free=1\ncpus=1\nprofile=D:\\x ', { total: 1024, profile: 'D:\\x' }],
    ['an empty figure', 'total=\nfree=1\ncpus=1\nprofile=D:\\x\n', null],
    ['no profile', 'total=1\nfree=1\ncpus=1\nprofile=\n', null],
    ['something else', 'The term Get-CimInstance is not recognized', null],
  ])('the answer of PowerShell: %s', (_, text, expected) => {
    const answer = readAnswer(text);
    if (expected === null) expect(answer).toBeNull();
    else expect(answer).toMatchObject(expected);
  }); // biome-ignore format: a table
});
