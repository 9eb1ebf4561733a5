import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contextsOf } from '../../../compose/services/llm-advisor/src/admission.js';
import { Deaths } from '../../../compose/services/llm-advisor/src/deaths.js';
import { writeToy } from '../../../compose/services/llm-advisor/src/gguf/toy.js';
import { apiError } from '../../../compose/services/llm-advisor/src/openai/errors.js';
import { Peaks } from '../../../compose/services/llm-advisor/src/peaks.js';
import { MemoryRoom } from '../../../compose/services/llm-advisor/src/room.js';
import { PolledTier } from '../../../compose/services/llm-advisor/src/tier.js';
import { Spoken } from '../../../compose/services/llm-advisor/src/word.js';
import { FakeEngine } from './fake-engine.js';

const MINUTE = 60_000;
let folder = '';
let now = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ld-deaths-'));
  now = Date.parse('2026-01-01T00:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const deaths = (engine = 'fake 1'): Deaths => new Deaths(folder, engine, () => now);

/** A life of the process that ends while it loads. */
async function die(context: number, name = 'a'): Promise<void> {
  await deaths().begun({ name, fingerprint: name, context });
  expect(await deaths().recover()).toEqual({ name, fingerprint: name, context });
}

test('a load that ends well, or fails, leaves nothing', async () => {
  await deaths().begun({ name: 'a', fingerprint: 'a', context: 4096 });
  await deaths().ended();
  expect(await deaths().recover()).toBeNull();
  expect(await deaths().shorterThan('a', 'a')).toBeNull();
});

test('a note of another boot of the machine is no death', async () => {
  await new Deaths(folder, 'fake 1', () => now, 'one').begun({ name: 'a', fingerprint: 'a', context: 4096 });
  expect(await new Deaths(folder, 'fake 1', () => now, 'two').recover()).toBeNull();
  expect(await deaths().shorterThan('a', 'a')).toBeNull();
});

test('notes are made and taken away in the order in which that was asked for', async () => {
  const one = deaths();
  const marker = { name: 'a', fingerprint: 'a', context: 4096 };
  const all = [one.begun(marker), one.ended(), one.begun(marker), one.ended(), one.begun(marker)];
  await Promise.all(all);
  expect(await deaths().recover()).toEqual(marker);
});

test('after a death a shorter context is tried, for a day, with this engine', async () => {
  await die(4096);
  expect(await deaths().recover()).toBeNull();
  expect(await deaths().shorterThan('a', 'a')).toBe(4096);
  expect(await deaths().shorterThan('b', 'b')).toBeNull();
  expect(await deaths('fake 2').shorterThan('a', 'a')).toBeNull();
  now += 24 * 60 * MINUTE;
  expect(await deaths().shorterThan('a', 'a')).toBeNull();
});

test.each([
  [4096, 8192, null, [4096, 2048, 1024]],
  [4096, 8192, 4096, [2048, 1024]],
  [4096, 8192, 1024, [1024]],
  [512, 8192, 512, [512]],
])('contexts of %i for a model of %i after a death at %s: %j', (asked, longest, died, contexts) =>
  expect(contextsOf(asked, longest, died)).toEqual(contexts),
);

test('two deaths in ten minutes: the file is refused for ten minutes, others are not', async () => {
  await die(4096);
  now += 9 * MINUTE;
  await die(2048);
  now += MINUTE;
  const error: unknown = await deaths()
    .shorterThan('a', 'a')
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ problem: 'crashed', message: expect.stringContaining('a.gguf') });
  expect(apiError(error)).toEqual({
    status: 503,
    retryAfter: 540,
    body: {
      error: {
        message: 'The engine ended 2 times while it loaded or used a.gguf; it is not tried again for 540 s.',
        type: 'server_error',
        param: null,
        code: 'model_crashed',
        model: 'a',
        deaths: 2,
        remedies: expect.arrayContaining(['laptop-dev llm models rm a', 'laptop-dev why llm-advisor']),
      },
    },
  });
  expect(await deaths().shorterThan('b', 'b')).toBeNull();
  now += 9 * MINUTE;
  expect(await deaths().shorterThan('a', 'a')).toBe(2048);
});

test('two deaths that lie further apart are no reason to refuse', async () => {
  await die(4096);
  now += 10 * MINUTE;
  await die(2048);
  expect(await deaths().shorterThan('a', 'a')).toBe(2048);
});

test.each(['', 'null', '[]', '{"a":1}', '{"a":[{"at":1}]}'])('a file of %j is as good as none', async text => {
  for (const name of ['loading.json', 'deaths.json']) await writeFile(join(folder, name), text);
  expect(await deaths().recover()).toBeNull();
  expect(await deaths().shorterThan('a', 'a')).toBeNull();
});

test('without a folder nothing is kept, and nothing fails', async () => {
  const none = new Deaths('', 'fake 1');
  await none.begun({ name: 'a', fingerprint: 'a', context: 4096 });
  await none.ended();
  expect([await none.recover(), await none.shorterThan('a', 'a')]).toEqual([null, null]);
});

/** The service's own parts around an engine whose native code aborts. */
const PROGRAM = `
import { Deaths } from './deaths.js';
import { Host } from './host.js';
import { Peaks } from './peaks.js';
import { MemoryRoom } from './room.js';
import { PolledTier } from './tier.js';
import { Spoken } from './word.js';
const [folder, path] = process.argv.slice(2);
const engine = { version: 'fake 1', prepare: () => {}, estimate: async () => 1, load: () => process.abort() };
const [deaths, spoken, quiet] = [new Deaths(folder, engine.version), new Spoken(), () => undefined];
await deaths.recover();
const room = new MemoryRoom({ engine, peaks: new Peaks('', engine.version), deaths, tier: new PolledTier(0, spoken), context: 4096 });
const host = new Host({ engine, room, unloadAfter: 1, waiters: 1, say: quiet, log: { info: quiet, warn: quiet } });
await host.acquire({ name: 'toy', path, bytes: 1, changed: 0 }, new AbortController().signal, quiet);
`;

test('a process that native code aborts tells the next one which file it was, and with which context', async () => {
  const [state, path, outfile] = [join(folder, 'state'), join(folder, 'toy.gguf'), join(folder, 'program.mjs')];
  await writeToy(path);
  const resolveDir = join(import.meta.dirname, '../../../compose/services/llm-advisor/src');
  await build({ stdin: { contents: PROGRAM, resolveDir }, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  for (const context of [2048, 1024]) {
    const child = spawn(process.execPath, [outfile, state, path], { cwd: folder, stdio: 'ignore' });
    expect((await once(child, 'exit'))[1]).toBe('SIGABRT');
    expect(JSON.parse(await readFile(join(state, 'loading.json'), 'utf8'))).toMatchObject({ name: 'toy', context });
    expect((await readdir(state)).filter(name => name.endsWith('.new'))).toEqual([]);
  }
  const engine = new FakeEngine();
  const recovered = new Deaths(state, engine.version);
  expect(await recovered.recover()).toMatchObject({ name: 'toy', context: 1024 });
  const room = new MemoryRoom({
    engine,
    peaks: new Peaks('', ''),
    deaths: recovered,
    tier: new PolledTier(0, new Spoken()),
    context: 4096,
  });
  const toy = { name: 'toy', path, bytes: 1, changed: 0 };
  await expect(room.judge(toy)).rejects.toMatchObject({ problem: 'crashed', message: expect.stringContaining('toy.gguf') });
  const other = { ...toy, name: 'other', path: join(folder, 'other.gguf') };
  await copyFile(path, other.path);
  await writeFile(other.path, 'more', { flag: 'a' });
  expect((await room.judge(other, true)).needs.map(({ context }) => context)).toEqual([2048, 1024]);
});
