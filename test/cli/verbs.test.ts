import { readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../daemon/cli/parser/program.js';
import type { Verb, VerbTable } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';

const COMMANDS = new URL('../../daemon/cli/commands/', import.meta.url);

async function inTables(table: VerbTable, before = ''): Promise<(readonly [string, Verb])[]> {
  const verbs = await Promise.all(Object.entries(table).map(async ([name, load]) => [name, await load()] as const));
  const inner = await Promise.all(verbs.map(([name, verb]) => inTables(verb.verbs ?? {}, `${before}${name} `)));
  return [...verbs.map(([name, verb]) => [before + name, verb] as const), ...inner.flat()];
}

async function inFiles(): Promise<Verb[]> {
  const files = readdirSync(COMMANDS, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'));
  const modules: Record<string, Verb>[] = await Promise.all(files.map(name => import(new URL(name, COMMANDS).href)));
  return modules.flatMap(module => Object.keys(module).flatMap(name => (name.endsWith('Verb') ? (module[name] ?? []) : [])));
}

const [TABLES, FILES] = [await inTables(VERBS), await inFiles()];

/** The words of all verbs that the parser of a command line was built with. */
async function built(line: string): Promise<string[]> {
  const paths = (command: Command, before: string): string[] =>
    command.commands.flatMap(inner => [before + inner.name(), ...paths(inner, `${before}${inner.name()} `)]);
  const silent = { out: () => undefined, err: () => undefined };
  return paths(await buildProgram(line === '' ? [] : line.split(' '), async () => undefined, silent, 0), '');
}

describe('the tables of verbs', () => {
  it('have each verb by the name that is in its file', () => {
    for (const [path, { name }] of TABLES) expect(path.split(' ').at(-1)).toBe(name);
  });
  it('have each verb of a file once', () => {
    const verbs = TABLES.map(([, verb]) => verb);
    expect(new Set(verbs).size).toBe(verbs.length);
    expect(new Set(verbs)).toEqual(new Set(FILES));
  });
});

describe('a command line is read with', () => {
  it.each([
    ['ps', ['ps']],
    ['ps --help', ['ps']],
    ['--json -p x ps -a', ['ps']],
    ['-p ps up ps', ['up']],
    ['-qp ps --file=up -f logs stats', ['stats']],
    ['-- why api', ['why']],
    ['exec api -- laptop-dev ps', ['exec']],
    ['restart help', ['restart']],
    ['help ps', ['ps']],
    ['llm help estimate', ['llm', 'llm estimate']],
    ['llm estimate', ['llm', 'llm estimate']],
    ['-p x llm models ls --json', ['llm', 'llm models', 'llm models ls']],
    ['budget --json set 5GB', ['budget', 'budget set']],
  ])('the verbs that it names alone: %s', async (line, expected) => {
    expect(await built(line)).toEqual(expected);
  });
  it.each(['', '--help', '-h', '--help ps', 'help', 'help pss', 'pss', '-p ps', '--no-such ps', 'constructor'])(
    'all verbs where it names none: %s',
    async line => {
      expect(await built(line)).toEqual(Object.keys(VERBS));
    },
  );
  it.each(['llm', 'llm --help', 'llm --help models', 'llm model', 'llm help', 'help llm', 'help llm models', '-p up help llm'])(
    'the verbs of a group that it names: %s',
    async line => {
      expect(await built(line)).toEqual(['llm', 'llm models', 'llm estimate']);
    },
  );
});
