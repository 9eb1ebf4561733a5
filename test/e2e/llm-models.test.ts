import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TINY, writeToy } from '../../compose/services/llm-advisor/src/gguf/toy.js';
import type { ServiceView } from '../../daemon/api/views.js';
import type { ModelList } from '../../daemon/cli/render/llm.js';
import { LABEL } from '../../daemon/model/labels.js';
import { ENGINE, openEngine } from '../on-engine/support/open-engine.js';
import { some } from '../support/deep.js';
import { BIN } from './support/cli.js';
import { type Home, home } from './support/home.js';
import { freePorts } from './support/ports.js';
import { patience, until } from './support/until.js';

const MB = 1024 * 1024;
const engine = openEngine(ENGINE);
let own: Home;
let folder: string;
let content: Buffer;
let server: Server;
/** The server stops there, and says that it has; null: it sends all. */
let stall: { readonly at: number; readonly reached: () => void } | null = null;
const ranges: (string | undefined)[] = [];

beforeAll(async () => {
  own = await home();
  const [port = 0] = await freePorts(1);
  Object.assign(own.env, { LLM_PORT: `${port}`, COMPOSE_PROJECT_NAME: own.name });
  folder = await own.project('models', {
    'laptop-dev.yaml': 'name: models\nextends: base\nservices:\n  llm-advisor: { start: on-demand, idle: 10m }\n',
  });
  // Some 12 MB.
  await writeToy(join(folder, 'toy.gguf'), { ...TINY, width: 256, feedForward: 512, words: 40_000 });
  content = await readFile(join(folder, 'toy.gguf'));
  server = await serve();
}, patience(900_000));
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await own.close();
});

/** Serves the toy, with ranges. */
async function serve(): Promise<Server> {
  const made = createServer((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const headers = { 'content-length': content.length - from, etag: '"toy"' };
    if (request.url !== '/toy.gguf') return void response.writeHead(404).end('not here');
    if (from > 0) response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
    else response.writeHead(200, headers);
    if (stall === null) response.end(content.subarray(from));
    else response.write(content.subarray(from, stall.at), stall.reached);
  });
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  return made;
}

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/toy.gguf`;
const laptop = (...args: string[]) => own.cli([...args], { cwd: folder, timeout: patience(600_000) });
const ask = <T>(...args: string[]) => own.ask<T>(args, { cwd: folder, timeout: patience(600_000) });
const failed = async (...args: string[]) => {
  const result = await laptop(...args, '--json');
  return { exit: result.code, ...result.error() };
};
const helpers = async () =>
  (await engine.listContainers({ all: true, filters: { label: [`${LABEL.helperOf}=${own.instance}`] } })).map(({ Id }) => Id);
const noHelpers = () => until('helpers are gone', async () => (await helpers()).length === 0);

/** A command that is not waited for. */
function begin(...args: string[]): { child: ChildProcess; said: Promise<string>; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env: own.env, stdio: ['ignore', 'ignore', 'pipe'] });
  return { child, said: text(child.stderr), ended: once(child, 'close').then(([code]) => code as number | null) };
}

/** An add that stands still in the middle: 9 MiB of it were sent, and what was written is known. */
async function stalled(name: string): Promise<ReturnType<typeof begin>> {
  const reached = new Promise<void>(resolve => {
    stall = { at: 9 * MB, reached: resolve };
  });
  const begun = begin('llm', 'models', 'add', url(), '--name', name);
  await reached;
  await until('a part is there', async () => {
    const { parts } = await ask<ModelList>('llm', 'models', 'ls');
    return parts.some(part => part.name === name && part.bytes >= 8 * MB);
  });
  stall = null;
  return begun;
}

describe.sequential('laptop-dev llm', () => {
  it('names what makes the project known where it is not', async () => {
    await own.cli(['daemon', 'start']);
    const { exit, code, remedies } = await failed('llm', 'models', 'ls');
    expect([exit, code]).toEqual([2, 'not-found']);
    expect(remedies.join(' ')).toContain('laptop-dev up llm');
    expect((await laptop('up')).code).toBe(0);
  });

  it('makes the image where it is missing, and lists nothing', async () => {
    const { code, stdout } = await laptop('llm', 'models', 'ls');
    expect([code, stdout]).toEqual([0, expect.stringContaining('There is no model yet')]);
  });

  it('makes a toy, once', async () => {
    expect(await ask('llm', 'models', 'make-tiny')).toMatchObject({ name: 'tiny', added: true, architecture: 'llama' });
    expect(await ask('llm', 'models', 'make-tiny')).toMatchObject({ name: 'tiny', added: false });
  });

  it('adds a file, with its checksum; the same again is there; another of that name is refused', async () => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const first = await laptop('llm', 'models', 'add', 'toy.gguf', '--sha256', sha256);
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining(sha256)]);
    expect(first.stderr).toContain('100 %');
    expect(await ask('llm', 'models', 'add', 'toy.gguf')).toMatchObject({ added: false });
    expect(await failed('llm', 'models', 'add', 'toy.gguf', '--name', 'tiny')).toMatchObject({ exit: 6, code: 'name-taken' });
    expect(await ask('llm', 'models', 'add', 'toy.gguf', '--name', 'tiny', '--replace')).toMatchObject({ added: true, sha256 });
  });

  it('chooses, estimates and removes', async () => {
    await ask('llm', 'models', 'use', 'toy');
    const { models } = await ask<ModelList>('llm', 'models', 'ls');
    expect(models.map(({ name, isDefault }) => [name, isDefault])).toEqual([['tiny', false], ['toy', true]]); // biome-ignore format: one line
    const [estimated, fromFile] = await Promise.all([
      ask<{ name: string; needs: { bytes: number }[]; lack: number }>('llm', 'estimate'),
      ask<{ needs: { bytes: number }[] }>('llm', 'estimate', './toy.gguf'),
    ]);
    expect(estimated).toMatchObject({ name: 'toy', context: TINY.context, standard: 1024 * MB, maximum: 2048 * MB, lack: 0 });
    expect(fromFile.needs).toEqual(estimated.needs);
    await ask('llm', 'models', 'rm', 'toy');
    expect(await failed('llm', 'models', 'use', 'toy')).toMatchObject({ exit: 2, code: 'not-found' });
  });

  it('downloads; ctrl-C keeps what came, and the same command goes on', async () => {
    const { child, said, ended } = await stalled('net');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(await said).toMatch(/Stopped; .* are kept/s);
    await noHelpers();
    const again = await laptop('llm', 'models', 'add', url(), '--name', 'net');
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('Goes on after')]);
    expect(ranges.at(-1)).toMatch(/^bytes=\d+-$/);
    const { models, parts } = await ask<ModelList>('llm', 'models', 'ls');
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect([models.find(({ name }) => name === 'net')?.sha256, parts]).toEqual([sha256, []]);
  });

  it('goes on after a daemon that was killed, whose helper is removed', async () => {
    const { ended } = await stalled('killed');
    process.kill(await own.daemonPid(), 'SIGKILL');
    expect(await ended).toBe(4);
    await own.cli(['daemon', 'start']);
    await noHelpers();
    const again = await laptop('llm', 'models', 'add', url(), '--name', 'killed');
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('Goes on after')]);
  });

  it('refuses what is no model, is not there, or can never fit; nothing of it stays', async () => {
    writeFileSync(join(folder, 'page.gguf'), '<html>');
    writeFileSync(join(folder, 'cut.gguf'), content.subarray(0, 5 * MB));
    writeFileSync(join(folder, 'huge.gguf'), 'GGUF');
    truncateSync(join(folder, 'huge.gguf'), 3 * 1024 * MB);
    const refused = { exit: 3, code: 'model-refused' };
    const wanted: readonly (readonly [args: readonly string[], refusal: object])[] = [
      ...some(['page.gguf', 'cut.gguf'], 1).map(file => [[file], refused] as const),
      [[`${url()}x`, '--name', 'x'], { exit: 7, code: 'download-failed' }],
      [['huge.gguf'], { exit: 5, code: 'model-too-large', details: { maximum: 2048 * MB } }],
      [['toy.gguf', '--name', 'w', '--sha256', '0'.repeat(64)], refused],
    ];
    const refusals = await Promise.all(wanted.map(([args]) => failed('llm', 'models', 'add', ...args)));
    expect(refusals).toMatchObject(wanted.map(([, refusal]) => refusal));
    const { models, parts } = await ask<ModelList>('llm', 'models', 'ls');
    expect([models.map(({ name }) => name), parts]).toEqual([['killed', 'net', 'tiny'], []]);
  });

  it('never woke the service, and left nothing', async () => {
    const { services } = await ask<{ services: ServiceView[] }>('ps');
    expect(services.find(({ name }) => name === 'llm-advisor')).toMatchObject({ state: 'asleep', container: null });
    expect(await helpers()).toEqual([]);
  });
});
