import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { profileFilesIn } from '../../../daemon/config/profiles/files.js';
import { loadProfile } from '../../../daemon/config/profiles/load.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { formatProblem } from '../../../daemon/shared/problem.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'profiles-'));
  mkdirSync(join(folder, 'built-in'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const load = async (name: string) =>
  loadProfile(join(folder, name), { files: await profileFilesIn(folder), builtIn: join(folder, 'built-in') });

describe('loadProfile', () => {
  it('merges deeply, bases first', async () => {
    write('base.yaml', 'services: { db: { memory: { standard: 128MB, maximum: 512MB }, priority: 60, idle: 10m } }');
    write('small.yaml', 'extends: base\nservices: { db: { memory: { maximum: 256MB }, idle: never } }');
    const { profile } = await load('small.yaml');
    expect(profile?.services.get('db')).toEqual({
      memory: { standard: 128 * MiB, maximum: 256 * MiB },
      priority: 60,
      idle: { stopAfter: null, freezeAfter: null },
    });
  });

  it('merges idle by its own keys; never alone takes an inherited freeze away, [] a veto', async () => {
    const base = '{ freezeAfter: 2m, stopAfter: 15m, veto: [busy] }';
    write('base.yaml', `services: { ${['a', 'b', 'c', 'd'].map(name => `${name}: { idle: ${base} }`).join(', ')} }`);
    write(
      'own.yaml',
      'extends: base\nservices: { a: { idle: 20m }, b: { idle: never }, c: { idle: { freezeAfter: 1m } }, d: { idle: { veto: [] } } }',
    );
    const { profile } = await load('own.yaml');
    expect(['a', 'b', 'c', 'd'].map(name => profile?.services.get(name)?.idle)).toEqual([
      { freezeAfter: 120_000, stopAfter: 1_200_000, veto: ['busy'] },
      { freezeAfter: null, stopAfter: null, veto: ['busy'] },
      { freezeAfter: 60_000, stopAfter: 900_000, veto: ['busy'] },
      { freezeAfter: 120_000, stopAfter: 900_000, veto: null },
    ]);
  });

  it('drops an inherited key that is for another protocol', async () => {
    write(
      'base.yaml',
      'services: { a: { protocol: http, ready: /up }, b: { protocol: redis, hold_blocked: true }, c: { protocol: http, ready: /up } }',
    );
    write('own.yaml', 'extends: base\nservices: { a: { protocol: tcp }, b: { protocol: tcp }, c: { priority: 1 } }');
    const { profile } = await load('own.yaml');
    expect(Object.fromEntries(profile?.services ?? [])).toEqual({
      a: { protocol: 'tcp' },
      b: { protocol: 'tcp' },
      c: { protocol: 'http', ready: '/up', priority: 1 },
    });
  });

  it('merges running hours, each by itself', async () => {
    write('office.yaml', 'schedule: { up: "0 9 * * 1-5", down: "0 18 * * *" }');
    write('late.yaml', 'extends: office\nschedule: { down: "0 22 * * *" }');
    write('open.yaml', 'extends: office\nschedule: { down: never }');
    write('never.yaml', 'extends: open\nschedule: { up: never }');
    const schedule = async (name: string) => (await load(name)).profile?.schedule;
    expect(await schedule('late.yaml')).toEqual({ up: '0 9 * * 1-5', down: '0 22 * * *' });
    expect(await schedule('open.yaml')).toEqual({ up: '0 9 * * 1-5', down: null });
    expect(await schedule('never.yaml')).toBeNull();
    write('none.yaml', 'services: {}');
    expect(await schedule('none.yaml')).toBeNull();
  });

  it('lets neither of two bases with a common one be undone by it', async () => {
    write('base.yaml', 'services: { a: { priority: 1 }, b: { priority: 1 } }');
    write('left.yaml', 'extends: base\nservices: { a: { priority: 2 } }');
    write('right.yaml', 'extends: base\nservices: { b: { priority: 3 } }');
    write('both.yaml', 'extends: [left, right]');
    const { profile } = await load('both.yaml');
    expect([profile?.services.get('a'), profile?.services.get('b')]).toEqual([{ priority: 2 }, { priority: 3 }]);
    expect([...(profile?.listed ?? [])].sort()).toEqual(['a', 'b']);
  });

  it('lists what it and its bases name, but not what the table of figures named base holds', async () => {
    write('base.yaml', 'services: { a: , b: , c: }');
    write('one.yaml', 'extends: base\nservices: { a: }');
    write('two.yaml', 'extends: one\nservices: { b: }');
    expect([...((await load('two.yaml')).profile?.listed ?? [])]).toEqual(['a', 'b']);
  });

  it("finds bases among the built-in ones, and a project's base may extend the built-in base", async () => {
    write('built-in/base.yaml', 'compose: compose.yaml\nservices: { a: { priority: 1, idle: 1m } }');
    write('base.yaml', 'extends: base\nservices: { a: { priority: 2 } }');
    write('one.yaml', 'extends: base\nservices: { a: }');
    const { profile, problems } = await load('one.yaml');
    expect(problems).toEqual([]);
    expect(profile?.services.get('a')).toEqual({ priority: 2, idle: { stopAfter: 60_000 } });
    expect(profile?.compose).toEqual([join(folder, 'built-in', 'compose.yaml')]);
  });

  it('gives the mistakes of all files at once, each under its own name', async () => {
    write('one.yaml', 'extends: [two, three]\nservices: { a: { start: x } }');
    write('two.yaml', 'services: { a: { idle: x } }');
    write('three.yaml', 'servces: {}');
    const { problems } = await load('one.yaml');
    expect(problems.map(problem => problem.key)).toEqual(['services.a.start']);
    write('one.yaml', 'extends: [two, three]');
    expect((await load('one.yaml')).problems.map(problem => formatProblem(problem).replace(`${folder}/`, ''))).toEqual([
      expect.stringContaining('two.yaml:1:24: services.a.idle: found "x"'),
      expect.stringContaining('three.yaml:1:1: servces: unknown key'),
    ]);
  });

  it.each([
    ['no such file', () => undefined],
    ['not a file', (file: string) => mkdirSync(file)],
    ['not a file', (file: string) => execFileSync('/usr/bin/env', ['mkfifo', file])],
    ['larger than 256 KiB', (file: string) => writeFileSync(file, `# ${'x'.repeat(256 * 1024)}\n`)],
  ])('says %s, and does not wait', async (message, make) => {
    make(join(folder, 'odd.yaml'));
    expect((await load('odd.yaml')).problems).toMatchObject([{ file: join(folder, 'odd.yaml'), message }]);
  });
});
