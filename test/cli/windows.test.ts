import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadVerbs } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';
import { byGear } from '../support/deep.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const [PS1, CMD, DOCS] = [read('scripts/laptop-dev.ps1'), read('scripts/laptop-dev.cmd'), read('docs/windows.md')];

let home = '';
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'ld-windows-'));
  mkdirSync(join(home, 'clone dir/scripts'), { recursive: true });
  for (const name of ['laptop-dev', 'clone dir/scripts/laptop-dev.sh']) {
    writeFileSync(join(home, name), '#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\nexit 7\n');
    chmodSync(join(home, name), 0o755);
  }
  writeFileSync(join(home, '.profile'), `PATH="${home}:$PATH"\n`);
});
afterAll(() => rmSync(home, { recursive: true }));

/** Runs what wsl.exe would run, as `--exec` does: no shell of its own. What the program got, and its exit code. */
function exec([program = '', ...words]: readonly string[], input = '') {
  const { status, stdout } = spawnSync(program, words, {
    cwd: home,
    env: { HOME: home, PATH: process.env['PATH'] },
    encoding: 'utf8',
    input,
  });
  return { status, words: stdout.split('\0').slice(0, -1) };
}

/** CommandLineToArgvW, by which wsl.exe splits what follows --exec: 2n backslashes before a quote are n, one more makes the quote a letter. */
function argvOf(line: string): string[] {
  const words: string[] = [];
  let [word, quoted] = [null as string | null, false];
  for (const [, slashes = '', sign = ''] of line.matchAll(/(\\*)("|[^\\"]|$)/g)) {
    const isQuote = sign === '"' && slashes.length % 2 === 0;
    const before = sign === '"' ? '\\'.repeat(Math.floor(slashes.length / 2)) : slashes;
    if (isQuote) quoted = !quoted;
    if (sign === ' ' && !quoted) {
      if (word !== null || before !== '') words.push((word ?? '') + before);
      word = null;
    } else if (before + sign !== '') word = (word ?? '') + before + (isQuote ? '' : sign);
  }
  return word === null ? words : [...words, word];
}

/** What follows --exec in the .cmd, with its variables. */
const AFTER_EXEC = /--exec (.*)$/m.exec(CMD)?.[1] ?? '';

describe('scripts/laptop-dev.ps1', () => {
  const bash = /\('--exec', 'bash', '-lc', '([^']*)', \$code\)$/m.exec(PS1)?.[1] ?? '';
  /** The script's own steps, which PowerShell takes: quotes of the shell, Base64. */
  const run = (program: string, words: readonly string[]) => {
    const line = `exec ${[program, ...words].map(word => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`;
    return exec(['bash', '-lc', bash, Buffer.from(line, 'utf8').toString('base64')]);
  };

  it('hands over every word and the exit code', () => {
    const words = ['', 'a  b', `it's "quoted" \\"`, 'ü 語 🐳', '$HOME `id` $(id) *', 'C:\\src\\', 'two\nlines', '--', '-p', 'a,b', 'x\n\n'];
    expect(run('laptop-dev', words)).toEqual({ status: 7, words });
    expect(run(`${home}/clone dir/scripts/laptop-dev.sh`, words)).toEqual({ status: 7, words });
  });

  it('leaves what is piped in to the program', () => {
    const line = Buffer.from("exec 'cat'", 'utf8').toString('base64');
    expect(exec(['bash', '-lc', bash, line], 'ü 語\0two\0')).toEqual({ status: 0, words: ['ü 語', 'two'] });
  });

  it('whatever the words are', () => {
    const word = fc.string({ unit: 'grapheme' }).filter(text => !text.includes('\0') && !/[\uD800-\uDFFF]/u.test(text));
    const same = fc.property(fc.array(word, { maxLength: 5 }), words => {
      expect(run('laptop-dev', words).words).toEqual(words);
    });
    fc.assert(same, { numRuns: byGear({ deep: 30, usual: 30, fast: 5 }) });
  });

  it('does these steps, and has no quote on the way that Windows PowerShell would lose', () => {
    expect(PS1).toContain(`"'" + $_.Replace("'", "'\\''") + "'"`);
    expect(PS1).toContain('[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($line))');
    expect(PS1).toMatch(/exit \$LASTEXITCODE\n$/);
    expect(bash).not.toContain('"');
  });
});

describe('scripts/laptop-dev.cmd', () => {
  it('leaves what is piped in to the program', () => {
    const words = argvOf(AFTER_EXEC.replace('%LD_PROGRAM%', 'cat').replace('%*', ''));
    expect(exec(words, 'ü 語\0two\0')).toEqual({ status: 0, words: ['ü 語', 'two'] });
  });

  const run = (program: string, words: string) => exec(argvOf(AFTER_EXEC.replace('%LD_PROGRAM%', program).replace('%*', () => words))); // biome-ignore format: short

  it('hands over every word and the exit code', () => {
    const line = 'exec api "a  b" "" "say \\"x\\"" "ü 語" $HOME * C:\\src --';
    const words = ['exec', 'api', 'a  b', '', 'say "x"', 'ü 語', '$HOME', '*', 'C:\\src', '--'];
    expect(run('laptop-dev', line)).toEqual({ status: 7, words });
    expect(run(`${home}/clone dir/scripts/laptop-dev.sh`, line)).toEqual({ status: 7, words });
    expect(run('laptop-dev', '')).toEqual({ status: 7, words: [] });
  });

  it('takes wsl.exe from PATH alone, not from the folder of a project, and no ERRORLEVEL of the environment', () => {
    const lines = CMD.split('\n');
    const at = (line: string) => lines.findIndex(each => each.startsWith(line));
    for (const line of ['set "NoDefaultCurrentDirectoryInExePath=1"', 'set "ERRORLEVEL="']) {
      expect(at(line)).toBeGreaterThan(at('setlocal EnableExtensions'));
      expect(at(line)).toBeLessThan(at('wsl.exe '));
    }
  });

  it('gives the exit code, and does not quote the distribution: wsl.exe would take the quotes for a part of its name', () => {
    expect(CMD).toMatch(/exit \/b %ERRORLEVEL%\n$/);
    expect(CMD).toContain('set "LD_WHERE=--distribution %LAPTOP_DEV_DISTRO%"');
    expect(CMD).toContain('wsl.exe %LD_WHERE% --exec');
  });
});

it('both are ASCII, which Windows PowerShell and cmd read the same in every code page', () => {
  for (const text of [PS1, CMD]) expect(text).toMatch(/^[\n\x20-\x7e]*$/);
});

it('docs and files name the same things', async () => {
  const named = (text: string) => new Set(text.match(/\bLAPTOP_DEV_[A-Z_]+\b/g));
  for (const text of [PS1, CMD]) expect(named(text)).toEqual(named(DOCS));
  for (const [path] of DOCS.matchAll(/\bscripts[\\/][\w.-]+\b/g)) expect(() => read(path.replaceAll('\\', '/'))).not.toThrow();
  const verbs = (await loadVerbs(VERBS)).flatMap(({ name, verbs: inner }) =>
    inner.length > 0 ? inner.map(each => `${name} ${each.name}`) : [name],
  );
  for (const [, verb = ''] of DOCS.matchAll(/`laptop-dev ((?:wsl |daemon )?[a-z-]+)/g)) expect(verbs).toContain(verb);
  expect(DOCS).toMatch(/Unverified on a real host/);
});

it('the fragment for Windows Terminal is JSON, and runs the dashboard by the command that the docs put on PATH', () => {
  const [profile] = JSON.parse(read('scripts/windows-terminal.json')).profiles;
  expect(profile).toMatchObject({ name: 'laptop-dev', commandline: 'cmd.exe /c laptop-dev.cmd dashboard' });
  expect(Object.keys(VERBS)).toContain('dashboard');
});

it('the splitter of this test knows the rules of Windows', () => {
  expect(argvOf('a "b c" d\\e "f\\"g" h\\\\"i j" ""')).toEqual(['a', 'b c', 'd\\e', 'f"g', 'h\\i j', '']);
});
