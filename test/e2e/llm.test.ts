import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import OpenAI, { APIError } from 'openai';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LARGE, TINY, type ToyShape, writeToy } from '../../compose/services/llm-advisor/src/gguf/toy.js';
import type { ServiceView } from '../../daemon/api/views.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { DEEP } from '../support/deep.js';
import { type Advised, advised, logOf, peakOf, plant } from './support/advised.js';
import { done } from './support/home.js';
import { patience, until } from './support/until.js';

/** A model that nobody uses is unloaded after this, and its service stops later, ms. Longer than a client waits that was told to come again. */
const UNLOAD = 6_000;
/** What a load of it shows does not depend on how many layers it has: the whole of `make-tiny --large` is loaded by a deep run. */
const MODEL = DEEP ? LARGE : { ...LARGE, layers: 6 };
const MODEL_MIB = DEEP ? 593 : 266;

const profile = (llm: string, postgres: string) => `
name: advised
extends: base
services:
  api: { start: on-demand, idle: 10m }
  postgres: { start: on-demand, ${postgres} }
  redis: { start: on-demand, idle: 10m }
  llm-advisor: { start: on-demand, ${llm} }
`;
/** The least that a model can be used for: a large one computes long over each token. */
const WORD = { prompt: 'H', max_tokens: 1 };
const USUAL = profile('idle: 10m', 'idle: 10m');

let stage: Advised;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'ldt-llm-'));
  stage = await advised(USUAL, {
    LLM_MODEL: 'tiny',
    LLM_UNLOAD_AFTER_MS: `${UNLOAD}`,
    LAPTOP_DEV_MIN_UPTIME: '0s',
    LAPTOP_DEV_PATIENCE: '20s',
  });
  await laptop('llm', 'models', 'make-tiny');
  if (DEEP) await laptop('llm', 'models', 'make-tiny', 'large', '--large');
  else await planted('large', MODEL);
}, patience(1_200_000));
afterAll(async () => {
  await stage?.own.close();
  rmSync(scratch, { recursive: true, force: true });
});

const laptop = async (...args: string[]) => {
  const done = await stage.own.cli(args, { cwd: stage.folder, timeout: patience(300_000) });
  if (done.code !== 0) throw new Error(`laptop-dev ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
};
const planted = async (name: string, shape: ToyShape) => {
  await writeToy(join(scratch, `${name}.gguf`), shape);
  await plant(stage, scratch, [`${name}.gguf`]);
};
const ask = (model: string, more: object = {}) =>
  stage.client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Say something.' }], max_tokens: 6, seed: 1, ...more });
const use = (model: string) => stage.client.completions.create({ model, ...WORD });
/** What the advisor's API refuses, as OpenAI's client tells it. */
async function refused(answer: Promise<unknown>): Promise<{ status: number; error: Record<string, unknown> }> {
  const error = await answer.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof APIError)) throw new Error(`not refused: ${error}`);
  return { status: error.status ?? 0, error: error.error as Record<string, unknown> };
}
const standing = async (): Promise<{ kind: string }> => {
  const answer = await fetch(`http://127.0.0.1:${stage.ports.llm}/health`);
  return ((await answer.json()) as { model: { kind: string } }).model;
};
const services = () => stage.own.api<ServiceView[]>(`/v1/services?project=${stage.own.name}`);
const unloaded = () => until('the model is unloaded', async () => (await standing()).kind === 'unloaded');
const sleeps = (name: string) => until(`${name} sleeps`, async () => (await stage.view(name)).state === 'asleep', 60_000);
const stop = async (...names: string[]) => {
  await done(stage.own.client.act(stage.own.name, 'stop', { services: names, wait: true }));
  await laptop('up');
};
/** Resolves once a crash is told with this model, and whether it was being loaded. */
const diedWith = (model: string, isLoading: boolean) =>
  until(`it is told that it died with ${model}`, async () => {
    const texts: string[] = [];
    for await (const notice of stage.own.client.notices({ project: stage.own.name, follow: false })) {
      if (notice.kind === 'crashed' && notice.data.exit.model === model && notice.data.exit.isLoading === isLoading) return true;
      texts.push(notice.text);
    }
    throw new Error(texts.slice(-6).join('\n'));
  });
/** Node in it aborts, as native code does, in the moment in which the function is called: a load may be over a second later. */
async function abortable(container: Dockerode.Container): Promise<() => void> {
  const exec = await container.exec({ Cmd: ['sh', '-c', 'echo ready; read word; kill -ABRT $(pidof node)'], AttachStdin: true, AttachStdout: true }); // biome-ignore format: one line
  const stream = await exec.start({ hijack: true, stdin: true });
  await once(stream, 'data');
  return () => void stream.end('now\n');
}

describe.sequential('the LLM Advisor', () => {
  it('streams to an unchanged client out of its sleep: container, model and words in one call', async () => {
    await sleeps('llm-advisor');
    const stream = await stage.client.chat.completions.create({
      model: 'tiny',
      messages: [{ role: 'user', content: 'Say something.' }],
      max_tokens: 24,
      temperature: 1.5,
      seed: 3,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? '')).join('')).not.toBe('');
    expect(chunks.flatMap(({ choices }) => choices.flatMap(each => each.finish_reason ?? [])).at(-1)).toMatch(/^(stop|length)$/);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
    expect(await stage.view('llm-advisor')).toMatchObject({ state: 'running', loading: null });
  });

  it('answers what else the API has: JSON by a schema, a text with a stop, embeddings, the models', async () => {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'], additionalProperties: false };
    const json = await ask('tiny', { max_tokens: 200, response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } });
    expect(JSON.parse(json.choices[0]?.message.content ?? '')).toEqual({ ok: expect.any(Boolean) });
    const text = await stage.client.completions.create({
      model: 'tiny',
      prompt: 'One, two',
      max_tokens: 4,
      temperature: 1.5,
      seed: 5,
      stop: ['zebra'],
    });
    expect(text.usage).toMatchObject({ prompt_tokens: expect.any(Number), completion_tokens: 4 });
    const again = await stage.client.completions.create({ model: 'tiny', prompt: 'One, two', max_tokens: 4, temperature: 1.5, seed: 5 });
    expect(again.choices[0]?.text).toBe(text.choices[0]?.text);
    const { data } = await stage.client.embeddings.create({ model: 'tiny', input: ['one', 'two'] });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([TINY.width, TINY.width]);
    const models = await stage.client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(['large', 'tiny']);
  });

  it('is woken by the API in another container, which asks it for the summary of a record', async () => {
    await stop('llm-advisor');
    await sleeps('llm-advisor');
    const api = `http://127.0.0.1:${stage.ports.api}`;
    const made = await fetch(`${api}/records`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Note","data":{"text":"A long text."}}',
    });
    expect(made.status, await made.clone().text()).toBe(201);
    const { id } = (await made.json()) as { id: number };
    const summary = await fetch(`${api}/records/${id}/summary`, { method: 'POST' });
    expect(summary.status, await summary.clone().text()).toBe(200);
    expect(await summary.json()).toMatchObject({ summary: expect.any(String) });
    expect(await stage.view('llm-advisor')).toMatchObject({ state: 'running' });
  });

  it(`loads a model of ${MODEL_MIB} MiB once for 20 who ask at once, and its peak stays below its grant`, async () => {
    await stop('llm-advisor');
    await sleeps('llm-advisor');
    const loads = async (): Promise<number> => (await logOf(await stage.container('llm-advisor'))).match(/a model is loaded/g)?.length ?? 0;
    const before = await loads();
    const patient = new OpenAI({ baseURL: stage.client.baseURL, apiKey: 'none', timeout: patience(240_000), maxRetries: 20 });
    const loading = until('ps tells of the load', async () => (await stage.view('llm-advisor')).loading, 120_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => patient.completions.create({ model: 'large', ...WORD })));
    for (const { choices } of answers) expect(choices).toHaveLength(1);
    expect(await loading).toMatchObject({ model: 'large', share: expect.any(Number) });
    const container = await stage.container('llm-advisor');
    expect((await loads()) - before).toBe(1);
    const { memory } = await stage.view('llm-advisor');
    const peak = await peakOf(container);
    console.log(`peak ${Math.round(peak / MiB)} MiB of ${Math.round(memory.grant / MiB)} MiB`);
    expect(peak).toBeLessThan(memory.grant);
    expect(peak).toBeGreaterThan(MODEL_MIB * MiB);
  }, 600_000);

  it('gives the memory back when nobody asks: 120 MiB at most stay, and nothing once it is stopped', async () => {
    await use('large');
    await unloaded();
    await until(
      'its working set is small',
      async () => {
        const { memory } = await stage.view('llm-advisor');
        if (memory.workingSet === null) throw new Error('it is not measured');
        if (memory.workingSet > 120 * MiB) throw new Error(`it is ${Math.round(memory.workingSet / MiB)} MiB`);
        return true;
      },
      60_000,
    );
    await stage.become(profile('idle: 2s', 'idle: 10m'));
    await ask('tiny');
    await sleeps('llm-advisor');
    expect((await stage.view('llm-advisor')).memory).toMatchObject({ grant: 0, workingSet: null });
    expect((await (await stage.container('llm-advisor')).inspect()).State.Running).toBe(false);
    await stage.become(USUAL);
  }, 300_000);

  it('gives a load up within 5 s when the one who asked has left', async () => {
    expect(await standing()).toEqual({ kind: 'unloaded' });
    const left = await new Promise<number>((resolve, reject) => {
      const body = JSON.stringify({ model: 'large', stream: true, messages: [{ role: 'user', content: 'Hello' }] });
      const call = request(
        {
          port: stage.ports.llm,
          host: '127.0.0.1',
          path: '/v1/chat/completions',
          method: 'POST',
          headers: { 'content-type': 'application/json' },
        },
        response => {
          response.once('data', (data: Buffer) => {
            expect(data.toString()).toMatch(/^: loading \d+%/);
            call.destroy();
            resolve(performance.now());
          });
          response.on('error', () => undefined);
        },
      );
      call.once('error', reject);
      call.end(body);
    });
    await unloaded();
    expect(performance.now() - left).toBeLessThan(patience(5_000));
    expect(await logOf(await stage.container('llm-advisor'))).not.toContain('a request failed');
  });

  it('refuses five damaged files, each with a clear word, and lives', async () => {
    const path = (name: string) => join(scratch, `${name}.gguf`);
    await writeToy(path('whole'), TINY);
    const whole = readFileSync(path('whole'));
    const counts = Buffer.from(whole);
    counts.writeBigUInt64LE(2n ** 62n, 8);
    writeFileSync(path('truncated'), whole.subarray(0, whole.length / 2));
    writeFileSync(path('magic'), Buffer.concat([Buffer.from('ELF!'), whole.subarray(4)]));
    writeFileSync(path('counts'), counts);
    writeFileSync(path('empty'), '');
    await writeToy(path('keyless'), TINY, ['llama.block_count']);
    const names = ['truncated', 'magic', 'counts', 'empty', 'keyless'];
    await plant(
      stage,
      scratch,
      names.map(name => `${name}.gguf`),
    );
    const before = await (await stage.container('llm-advisor')).inspect();
    for (const name of names) {
      const { status, error } = await refused(ask(name));
      expect([name, status, error['code']]).toEqual([name, 422, 'malformed_model']);
      expect(String(error['message'])).toMatch(/^\w.{10,}/);
    }
    expect((await ask('tiny')).choices).toHaveLength(1);
    const after = await (await stage.container('llm-advisor')).inspect();
    expect([after.RestartCount, after.State.StartedAt]).toEqual([before.RestartCount, before.State.StartedAt]);
  });

  it('that dies while it loads a file is started again, and the daemon names the file', async () => {
    const abort = await abortable(await stage.container('llm-advisor'));
    const dies = ask('large').catch(() => null);
    await until('the daemon knows that it loads', async () => (await services()).find(({ name }) => name === 'llm-advisor')?.loading);
    abort();
    await dies;
    await diedWith('large', true);
    await until('it runs again', async () => (await stage.view('llm-advisor')).state === 'running', 60_000);
    expect((await use('large')).choices).toHaveLength(1);
    expect(await logOf(await stage.container('llm-advisor'))).toMatch(/"context":2048/);
  }, 300_000);

  it('that dies while it answers: the daemon names the model, and its next load uses the next smaller context', async () => {
    // Large enough that an answer takes seconds, and that its words hardly ever end it.
    await planted('mortal', { ...LARGE, layers: 4, width: 1024, feedForward: 2048, heads: 16, groups: 4 });
    const abort = await abortable(await stage.container('llm-advisor'));
    const answer = await stage.client.completions.create({ model: 'mortal', prompt: 'Hello', max_tokens: 3_000, stream: true });
    expect((await answer[Symbol.asyncIterator]().next()).done).toBe(false);
    abort();
    await diedWith('mortal', false);
    await until('it runs again', async () => (await stage.view('llm-advisor')).state === 'running', 60_000);
    expect((await use('mortal')).choices).toHaveLength(1);
    expect(await logOf(await stage.container('llm-advisor'))).toMatch(/"model":"mortal","context":2048[^\n]*is loaded/);
  }, 300_000);
});

describe.sequential('memory that others hold', () => {
  it('is not taken for a model that can never fit: 507, and nobody is stopped', async () => {
    await stage.become(profile('idle: 10m, memory: { standard: 256MB, maximum: 320MB }', 'idle: 10m'));
    const db = await connected();
    const { status, error } = await refused(ask('large'));
    expect(status).toBe(507);
    expect(error).toMatchObject({ code: 'model_never_fits', maximum: 320 * MiB, need: expect.any(Number) });
    expect(await stage.view('postgres')).toMatchObject({ state: 'running' });
    await db.end();
    expect(await laptop('llm', 'estimate', 'large')).toMatch(/never/);
  }, 300_000);

  it('by a busy database: 503 that names it; by an idle one: that is stopped first, and wakes again later', async () => {
    await stop('api', 'redis', 'llm-advisor', 'postgres');
    await stage.become(
      profile(
        'idle: 10m, memory: { standard: 256MB, maximum: 1000MB }',
        'memory: { standard: 800MB, maximum: 800MB }, idle: { freezeAfter: 1s, stopAfter: 10m }',
      ),
    );
    await laptop('budget', 'set', '1100MB');
    const db = await connected();
    await db.query('BEGIN');
    const busy = await refused(ask('large'));
    expect(busy.status).toBe(503);
    expect(busy.error).toMatchObject({
      code: 'no_room',
      need: expect.any(Number),
      free: expect.any(Number),
      holders: expect.arrayContaining([
        expect.objectContaining({ service: 'postgres', keptBecause: expect.stringContaining('transaction') }),
      ]),
      remedies: expect.arrayContaining([expect.stringContaining('postgres')]),
    });
    expect(await stage.view('postgres')).toMatchObject({ state: 'running' });
    await db.query('COMMIT');
    await db.end();
    await until('the database is idle', async () => (await stage.view('postgres')).state === 'frozen', 60_000);
    expect((await use('large')).choices).toHaveLength(1);
    expect(await stage.view('postgres')).toMatchObject({ state: 'asleep' });
    await unloaded();
    const again = await connected();
    expect((await again.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await again.end();
  }, 600_000);
});

/** A client of the database, which wakes it. */
async function connected(): Promise<Client> {
  const client = new Client({ host: '127.0.0.1', port: stage.ports.postgres, user: 'postgres', password: 'laptop-dev', database: 'app' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
