import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Choice, Need } from '../../../compose/services/llm-advisor/src/admission.js';
import { Host } from '../../../compose/services/llm-advisor/src/host.js';
import type { Room } from '../../../compose/services/llm-advisor/src/host-options.js';
import { ModelError } from '../../../compose/services/llm-advisor/src/model-error.js';
import { FakeEngine, file, MiB } from './fake-engine.js';

const UNLOAD_AFTER = 1_000;
const [ONE, TWO] = [file('one'), file('two')];
const none = new AbortController().signal;
const deaf = (): void => undefined;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function need(context: number, mib: number): Need {
  return { context, bytes: mib * MiB, measured: false };
}

/** `limit`: what holds after the limit was asked for. */
function stage({
  choice = { kind: 'load', need: need(4096, 500) },
  limit = 0,
  waiters = 8,
}: {
  choice?: Choice;
  limit?: number;
  waiters?: number;
} = {}) {
  const engine = new FakeEngine();
  const asked: number[] = [];
  const notes: string[] = [];
  const note = (text: string): Promise<void> => Promise.resolve(void notes.push(text));
  const room: Room = {
    judge: () => Promise.resolve({ needs: [need(4096, 500), need(2048, 400), need(1024, 350)], choice, maximum: 600 * MiB }),
    ask: bytes => {
      asked.push(bytes);
      const answer = {
        granted: limit * MiB >= bytes,
        reason: null,
        need: null,
        free: null,
        holders: [{ service: 'postgres' }],
        remedies: [],
      };
      return Promise.resolve({ limit: limit * MiB, answer });
    },
    begin: ({ name }, context) => note(`begin ${name} ${context}`),
    loaded: ({ name }, context) => note(`loaded ${name} ${context}`),
    failed: () => note('failed'),
    answering: () => note('answering'),
    answered: () => note('answered'),
  };
  const said: object[] = [];
  const log = { info: deaf, warn: deaf };
  const host = new Host({ engine, room, unloadAfter: UNLOAD_AFTER, waiters, say: word => said.push(word), log });
  return { engine, asked, notes, said, host };
}

const begun = (engine: FakeEngine, count = 1): Promise<void> => vi.waitFor(() => expect(engine.loads).toHaveLength(count));

test('twenty requests load a model once, and it is unloaded when nobody has used it for a while', async () => {
  const { engine, host } = stage({ waiters: 20 });
  const all = Array.from({ length: 20 }, () => host.acquire(ONE, none, deaf));
  await begun(engine);
  expect(host.standing()).toEqual({ kind: 'loading', model: 'one', share: 0 });
  engine.loads[0]?.finish();
  const leases = await Promise.all(all);
  expect(engine.loads).toHaveLength(1);
  for (const lease of leases.slice(1)) lease.release();
  await vi.advanceTimersByTimeAsync(10 * UNLOAD_AFTER);
  expect(host.standing().kind).toBe('loaded');
  leases[0]?.release();
  leases[0]?.release();
  await vi.advanceTimersByTimeAsync(UNLOAD_AFTER - 1);
  expect(engine.disposed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(engine.disposed).toEqual([ONE.path]);
  expect(host.standing()).toEqual({ kind: 'unloaded' });
});

test('a load is given up when the last who waits for it has left, and not before', async () => {
  const { engine, host } = stage();
  const clients = [new AbortController(), new AbortController()];
  const waits = clients.map(client => host.acquire(ONE, client.signal, deaf));
  await begun(engine);
  clients[0]?.abort(new Error('left'));
  await expect(waits[0]).rejects.toThrow('left');
  expect(engine.loads[0]?.options.signal.aborted).toBe(false);
  clients[1]?.abort(new Error('left'));
  await expect(waits[1]).rejects.toThrow('left');
  expect(engine.loads[0]?.options.signal.aborted).toBe(true);
  await vi.waitFor(() => expect(host.standing()).toEqual({ kind: 'unloaded' }));
  const again = host.acquire(ONE, none, deaf);
  await begun(engine, 2);
  engine.loads[1]?.finish();
  (await again).release();
});

test('another model waits until the one that is in use is let go of', async () => {
  const { engine, host } = stage();
  const first = host.acquire(ONE, none, deaf);
  await begun(engine);
  engine.loads[0]?.finish();
  const lease = await first;
  const second = host.acquire(TWO, none, deaf);
  await vi.advanceTimersByTimeAsync(10);
  expect(engine.loads).toHaveLength(1);
  lease.release();
  await begun(engine, 2);
  expect(engine.disposed).toEqual([ONE.path]);
  engine.loads[1]?.finish();
  (await second).release();
  expect(host.standing()).toMatchObject({ kind: 'loaded', model: 'two' });
});

test('more waiters than allowed are refused at once', async () => {
  const { engine, host } = stage({ waiters: 2 });
  const waits = [host.acquire(ONE, none, deaf), host.acquire(ONE, none, deaf)];
  await expect(host.acquire(ONE, none, deaf)).rejects.toMatchObject({ problem: 'too-many', details: { waiting: 2, most: 2 } });
  await begun(engine);
  engine.loads[0]?.finish();
  for (const lease of await Promise.all(waits)) lease.release();
});

test('progress is told from the moment that the model may be loaded, to who joins later as well', async () => {
  const { engine, host } = stage();
  const [early, late]: [number[], number[]] = [[], []];
  const waits = [host.acquire(ONE, none, share => early.push(share))];
  await begun(engine);
  engine.loads[0]?.options.onProgress(0.4);
  waits.push(host.acquire(ONE, none, share => late.push(share)));
  engine.loads[0]?.options.onProgress(0.9);
  engine.loads[0]?.finish();
  await Promise.all(waits);
  expect(early).toEqual([0, 0.4, 0.9]);
  expect(late).toEqual([0.4, 0.9]);
});

test('what never fits is refused before anything is asked for or loaded', async () => {
  const { engine, host, asked } = stage({ choice: { kind: 'refuse', need: need(1024, 700) } });
  await expect(host.acquire(ONE, none, deaf)).rejects.toMatchObject({
    problem: 'never-fits',
    details: { need: 700 * MiB, maximum: 600 * MiB },
  });
  expect([engine.loads, asked]).toEqual([[], []]);
});

test.each([
  [500, 4096],
  [420, 2048],
  [360, 1024],
])('with a limit of %i MiB after asking, the context is %i', async (limit, context) => {
  const { engine, host, asked } = stage({ choice: { kind: 'ask', need: need(4096, 500) }, limit });
  const wait = host.acquire(ONE, none, deaf);
  await begun(engine);
  expect(asked).toEqual([500 * MiB]);
  expect(engine.loads[0]?.options.context).toBe(context);
  engine.loads[0]?.finish();
  (await wait).release();
});

test('without room for the smallest context the holders are named', async () => {
  const { host } = stage({ choice: { kind: 'ask', need: need(4096, 500) }, limit: 300 });
  await expect(host.acquire(ONE, none, deaf)).rejects.toMatchObject({
    problem: 'no-room',
    details: { need: 350 * MiB, free: 300 * MiB, holders: [{ service: 'postgres' }] },
  });
});

test('a failed load is told to all who wait, and the next request tries again', async () => {
  const { engine, host } = stage();
  const waits = [host.acquire(ONE, none, deaf), host.acquire(ONE, none, deaf)];
  await begun(engine);
  engine.loads[0]?.fail(new ModelError('engine', 'broken'));
  expect((await Promise.allSettled(waits)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = host.acquire(ONE, none, deaf);
  await begun(engine, 2);
  engine.loads[1]?.finish();
  (await again).release();
});

test('what is held is said from the first byte of a load until it is unloaded', async () => {
  const { engine, host, said, notes } = stage();
  const wait = host.acquire(ONE, none, deaf);
  await begun(engine);
  engine.loads[0]?.options.onProgress(0.5);
  engine.loads[0]?.finish();
  (await wait).release();
  await vi.advanceTimersByTimeAsync(UNLOAD_AFTER);
  const holds = 500 * MiB;
  expect(said).toEqual([
    { holds, loading: { model: 'one', share: 0 }, model: null },
    { holds, loading: { model: 'one', share: 0.5 }, model: null },
    { holds, loading: null, model: 'one' },
    { holds: 0, loading: null, model: null },
  ]);
  expect(notes).toEqual(['begin one 4096', 'loaded one 4096', 'answering', 'answered']);
});

test('a load that fails or is given up leaves nothing held, and no note of a death', async () => {
  const { engine, host, said, notes } = stage();
  const wait = host.acquire(ONE, none, deaf);
  await begun(engine);
  engine.loads[0]?.fail(new ModelError('engine', 'broken'));
  await expect(wait).rejects.toThrow('broken');
  const client = new AbortController();
  const left = host.acquire(ONE, client.signal, deaf);
  await begun(engine, 2);
  client.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
  await vi.waitFor(() => expect(notes).toEqual(['begin one 4096', 'failed', 'begin one 4096', 'failed']));
  expect(said.at(-1)).toEqual({ holds: 0, loading: null, model: null });
});

test('a host that ends gives up its load and begins no other', async () => {
  const { engine, host } = stage();
  const waits = [host.acquire(ONE, none, deaf), host.acquire(TWO, none, deaf)];
  await begun(engine);
  await host.close();
  for (const wait of waits) await expect(wait).rejects.toMatchObject({ problem: 'cancelled' });
  expect(engine.loads).toHaveLength(1);
});

test('answers that are under way at once are noted once, before the first is given the model', async () => {
  const { engine, host, notes } = stage();
  const first = host.acquire(ONE, none, deaf);
  await begun(engine);
  engine.loads[0]?.finish();
  (await first).release();
  notes.length = 0;
  const [a, b] = await Promise.all([host.acquire(ONE, none, deaf), host.acquire(ONE, none, deaf)]);
  a.release();
  expect(notes).toEqual(['answering']);
  b.release();
  expect(notes).toEqual(['answering', 'answered']);
});
