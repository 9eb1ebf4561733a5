import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from 'web-tree-sitter';
import { completionScript, SHELLS } from '../../daemon/cli/commands/program/completion.js';
import { OPTIONS, optionOf } from '../../daemon/cli/parser/options.js';
import { type LoadedVerb, loadVerbs } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';
import type { StartProgram } from '../../daemon/platform/wsl/programs.js';
import { askWindows } from '../../daemon/platform/wsl/windows.js';
import { runs, sampled } from '../support/deep.js';
import { faultsOf, parsePowershell, textOf } from '../support/powershell.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const below = (folder: string, end: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(end))
    .map(name => join(folder, name));

const verbs = (await loadVerbs(VERBS)).filter(({ hidden }) => !hidden);
const SCRIPT = completionScript('powershell', verbs);

/** Blocks of a page that say they are PowerShell. */
function blocksOf(page: string): { readonly name: string; readonly text: string }[] {
  return [...read(page).matchAll(/^```powershell\n(.*?)^```$/gms)].map(([, text = ''], at) => ({ name: `${page}, block ${at + 1}`, text }));
}

/** The script that Windows is asked with, as powershell.exe would get it. */
async function asked(): Promise<string> {
  const got: string[] = [];
  const start: StartProgram = async (_program, args) => {
    got.push(...args);
    return { kind: 'not-started', code: 'ENOENT' };
  };
  await askWindows({ root: '/nowhere', env: {}, start }, '/mnt', '/nowhere/windows.json');
  return Buffer.from(got[got.indexOf('-EncodedCommand') + 1] ?? '', 'base64').toString('utf16le');
}

const TEXTS = [
  ...below('scripts', '.ps1').map(path => ({ name: path, text: read(path) })),
  ...below('docs', '.md').flatMap(blocksOf),
  { name: 'laptop-dev completion powershell', text: SCRIPT },
  { name: 'what Windows is asked', text: await asked() },
];

describe('PowerShell as a grammar of it reads it', () => {
  it.each(TEXTS)('$name', ({ text }) => {
    expect(text.trim()).not.toBe('');
    expect(faultsOf(text)).toEqual([]);
  });

  it('is in all places that have some', () => {
    const names = TEXTS.map(({ name }) => name);
    expect(names).toContain('scripts/laptop-dev.ps1');
    expect(names.filter(name => name.startsWith('docs/windows.md')).length).toBeGreaterThan(3);
    // What is PowerShell for certain is in a block that says so.
    const outside = below('docs', '.md').flatMap(page =>
      read(page)
        .replaceAll(/^```powershell\n.*?^```$/gms, '')
        .split('\n')
        .filter(line => /^ {4}.*(?:\$env:|\$HOME\\|\$PROFILE|\b(?:Get|Set|New|Add|Remove)-[A-Z])/.test(line))
        .map(line => `${page}: ${line.trim()}`),
    );
    expect(outside).toEqual([]);
  });

  it.each([
    ["$where = @('--distribution'", 'a bracket that is never closed'],
    ["'it's'", 'a quote that is not doubled'],
    ['if ($a { 1 }', 'a condition without its end'],
    ['$a = @{ b = }', 'a key without a value'],
    ['foreach ($a of $b) { $a }', 'a loop of another language'],
    ['$a = $b ? : 1 {', 'an operator without a part'],
  ])('is not `%s`: %s', text => {
    expect(faultsOf(text)).not.toEqual([]);
  });

  it('is no longer what it was with one of its brackets taken out', () => {
    const script = read('scripts/laptop-dev.ps1');
    // Those of the code: not in a comment, nor in a text. Without its "[" a type is the name of a command.
    const places = [...script.replaceAll(/^#.*|'[^'\n]*'|"[^"\n]*"/gm, part => ' '.repeat(part.length)).matchAll(/[(){}\]]/g)].map(
      ({ index }) => index,
    );
    expect(places.length).toBeGreaterThan(40);
    for (const at of places) expect([at, faultsOf(script.slice(0, at) + script.slice(at + 1))]).not.toEqual([at, []]);
  });
});

/** What PowerShell itself sets. */
const GIVEN = ['_', 'args', 'env', 'global', 'home', 'input', 'lastexitcode', 'myinvocation', 'null', 'profile', 'false', 'true'];

/** Names of variables, in small letters: those that are set, by assignment, as a parameter or by a loop; and all. A scope or a drive is a name, as `env`. */
function variablesOf(text: string): { readonly set: ReadonlySet<string>; readonly all: ReadonlySet<string> } {
  const root = parsePowershell(text);
  const nameOf = (variable: string) => /^[$@]\{?(\w+)/.exec(variable)?.[1]?.toLowerCase() ?? variable;
  const named = (nodes: readonly (Node | null)[]) => nodes.flatMap(node => (node ? [nameOf(node.text)] : []));
  const inside = (types: string[]) => root.descendantsOfType(types).flatMap(node => named(node?.descendantsOfType('variable') ?? []));
  const loops = root.descendantsOfType('foreach_statement').map(node => node?.descendantsOfType('variable')[0] ?? null);
  return {
    set: new Set([...inside(['left_assignment_expression', 'param_block']), ...named(loops)]),
    all: new Set(named(root.descendantsOfType('variable'))),
  };
}

describe.each(TEXTS.filter(({ name }) => !name.startsWith('docs/')))('$name', ({ text }) => {
  it('reads no variable that nothing has set', () => {
    const { set, all } = variablesOf(text);
    expect([...all].filter(name => !set.has(name) && !GIVEN.includes(name))).toEqual([]);
  });

  it('chains no commands by && or ||, which Windows PowerShell 5.1 does not know', () => {
    expect(parsePowershell(text).descendantsOfType('pipeline_chain_tail')).toEqual([]);
  });
});

it('a variable that nothing has set is seen, and so is a chain', () => {
  const { set, all } = variablesOf('param($a)\n$b = 1\nforeach ($c in $b) { $a + $wrong + "$other" }\n');
  expect([[...set].sort(), [...all].sort()]).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c', 'other', 'wrong'],
  ]);
  expect(parsePowershell('a && b').descendantsOfType('pipeline_chain_tail')).toHaveLength(1);
});

/** Commands of a text by name, each with the text behind its name. */
function commandsOf(root: Node): { readonly name: string; readonly text: string }[] {
  return root.descendantsOfType('command').flatMap(node => {
    const name = node?.childForFieldName('command_name')?.text;
    return node && name !== undefined ? [{ name, text: node.text }] : [];
  });
}

/** Hash tables that are assigned, by variable: keys, and the texts of each value. */
function tablesOf(text: string): Map<string, Map<string, string[]>> {
  const found = new Map<string, Map<string, string[]>>();
  for (const node of parsePowershell(text).descendantsOfType('assignment_expression')) {
    const [name = '', table] = [node?.namedChild(0)?.text, node?.descendantsOfType('hash_literal_expression')[0]];
    if (!table) continue;
    const rows = table.descendantsOfType('hash_entry').flatMap(entry => {
      const [key, ...texts] = (entry?.descendantsOfType('string_literal') ?? []).flatMap(each => (each ? [textOf(each) ?? each.text] : []));
      return key === undefined ? [] : [[key, texts] as const];
    });
    found.set(name, new Map(rows));
  }
  return found;
}

/** Every verb by its path. */
function paths(list: readonly LoadedVerb[], before = ''): (readonly [string, LoadedVerb])[] {
  return list.flatMap(verb => [[before + verb.name, verb] as const, ...paths(verb.verbs, `${before}${verb.name} `)]);
}

describe('laptop-dev completion powershell', () => {
  const tables = tablesOf(SCRIPT);
  const table = (name: string) => tables.get(name) ?? new Map<string, string[]>();
  const rows = paths(verbs);
  const flagsOf = (verb: LoadedVerb) => verb.options.map(name => optionOf(name));

  it('is registered once, as for a native command, for what people type', () => {
    const commands = commandsOf(parsePowershell(SCRIPT)).filter(({ name }) => name === 'Register-ArgumentCompleter');
    expect(commands).toHaveLength(1);
    expect(commands[0]?.text).toMatch(
      /^Register-ArgumentCompleter -Native -CommandName 'laptop-dev', 'laptop-dev\.cmd', 'laptop-dev\.ps1', 'laptop-dev\.sh' -ScriptBlock \{/,
    );
  });

  it('has every verb at its depth, with what it does', () => {
    const shown = (list: readonly LoadedVerb[]) => list.map(({ name, summary }) => `${name} ${summary}`);
    const groups = rows.filter(([, verb]) => verb.verbs.length > 0).map(([path, verb]) => [path, shown(verb.verbs)] as const);
    expect(rows.length).toBeGreaterThan(40);
    expect([...table('$verbs')]).toEqual([['', [...shown(verbs), 'help Show the arguments and options of a verb']], ...groups]);
  });

  it.each(sampled(rows))('%s: its options, each with its text', (path, verb) => {
    const words = (flags: string) => flags.match(/(?<=^|\s)--?[\w-]+/g) ?? [];
    const described = flagsOf(verb).flatMap(({ flags, text }) => words(flags).map(word => `${word} ${text}`));
    expect(table('$options').get(path)).toEqual([...described, '--help show the help']);
    const takes = flagsOf(verb).filter(({ flags }) => flags.includes('<'));
    if (verb.verbs.length === 0) expect(table('$valued').get(path) ?? []).toEqual(takes.flatMap(({ flags }) => words(flags)));
    else expect(table('$valued').get(path)).toEqual(expect.arrayContaining(takes.flatMap(({ flags }) => words(flags))));
    expect(table('$names').get(path)?.[0]).toBe(verb.completes);
  });

  it('knows before the verb which options take a value, and what stands for --engine and completion', () => {
    const valued = Object.values(OPTIONS).filter(({ flags }) => flags.includes('<'));
    for (const { flags } of valued)
      expect(table('$valued').get('')).toEqual(expect.arrayContaining(flags.match(/(?<=^|\s)--?[\w-]+/g) ?? []));
    expect([...table('$values')]).toEqual([
      ['--engine', ['docker', 'podman']],
      ['completion', [...SHELLS]],
    ]);
    for (const key of table('$values').keys()) expect(SCRIPT).toContain(key);
  });

  it('has a text behind each word: PowerShell takes no result without one', () => {
    for (const name of ['$verbs', '$options'])
      for (const line of [...table(name).values()].flat()) expect(line).toMatch(/^[a-z-][\w-]* \S/i);
  });

  it('asks laptop-dev and no other program, with nothing to read', () => {
    const known = ['Register-ArgumentCompleter', 'Select-Object', 'Get-Variable', 'New-Object', '$offer'];
    const others = commandsOf(parsePowershell(SCRIPT)).filter(({ name }) => !known.includes(name));
    expect(others.map(({ name }) => name)).toEqual(['laptop-dev']);
    expect(SCRIPT).toContain('@() | laptop-dev __complete $names[$path] 2>$null');
  });

  it('says in its first lines how it is installed, as docs/windows.md does', () => {
    const comments = SCRIPT.split('\n').flatMap(line => (line.startsWith('#   ') ? [line.slice('#   '.length)] : []));
    const documented = blocksOf('docs/windows.md').flatMap(({ text }) => text.trimEnd().split('\n'));
    expect(comments).toHaveLength(4);
    expect(documented).toEqual(expect.arrayContaining(comments));
  });

  it('is ASCII: Windows PowerShell reads what a program prints in the code page of the console', () => {
    expect(SCRIPT).toMatch(/^[\n\x20-\x7e]*$/);
  });

  it('quotes whatever a verb says of itself', () => {
    const text = fc.string({
      unit: fc.constantFrom("'", '"', '$', '`', '(', ')', '{', '}', '@', '#', ' ', 'a', ';', '\\', '|'),
      minLength: 1,
    });
    const property = fc.property(text, summary => {
      const script = completionScript('powershell', [{ name: 'x', summary, args: '', options: [], verbs: [] }]);
      expect(faultsOf(script)).toEqual([]);
      expect(tablesOf(script).get('$verbs')?.get('')?.[0]).toBe(`x ${summary}`);
    });
    fc.assert(property, { numRuns: runs(60) });
  });
});

describe('scripts/laptop-dev.ps1', () => {
  const root = parsePowershell(read('scripts/laptop-dev.ps1'));

  it('calls wsl.exe with the same words whether or not something is piped in, and looks for it before', () => {
    const calls = commandsOf(root).filter(({ text }) => /\bwsl\.exe\b/.test(text));
    expect(calls.map(({ text }) => text)).toEqual([
      'Get-Command wsl.exe -CommandType Application -ErrorAction SilentlyContinue',
      '& wsl.exe @call',
      '& wsl.exe @call',
    ]);
    const [branch] = root.descendantsOfType('if_statement').filter(node => node?.text.includes('@call'));
    expect(branch?.text).toBe('if ($MyInvocation.ExpectingInput) { $input | & wsl.exe @call } else { & wsl.exe @call }');
  });

  it('sets what a caller may have set for errors, and the encoding, before it calls anything', () => {
    const text = root.text;
    for (const line of [
      "$ErrorActionPreference = 'Continue'",
      '$PSNativeCommandUseErrorActionPreference = $false',
      '$OutputEncoding = New-Object System.Text.UTF8Encoding $false',
    ])
      expect(text.indexOf(line)).toBeGreaterThan(0);
    expect(text.indexOf('$OutputEncoding =')).toBeLessThan(text.indexOf('wsl.exe -CommandType'));
    const ends = root.descendantsOfType('flow_control_statement').flatMap(node => (node ? [node.text] : []));
    expect(ends).toEqual(['exit 4', 'exit $LASTEXITCODE']);
    expect(text.trimEnd().endsWith('exit $LASTEXITCODE')).toBe(true);
  });
});
