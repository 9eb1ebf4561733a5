import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Live } from '../../daemon/api/live.js';
import type { HistorySpan } from '../../daemon/api/live-history.js';
import { FailureError } from '../../daemon/shared/failure.js';
import { runs } from '../support/deep.js';
import { errorOf, MB, notice, send, sendRaw } from './harness.js';
import { change, liveService, rawStream, stage, USAGE, watcher } from './stage.js';

const codeOf = (error: unknown) => (error instanceof FailureError ? error.failure.code : error);
const UPGRADE =
  'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
const SPAN: HistorySpan = { slot: 0, entries: [{ at: 1, workingSet: 2, peak: 3, cpu: null }] };
const NONE: HistorySpan = { slot: 0, entries: [] };

describe('a snapshot', () => {
  it('comes first: all that is known, the last notices, and the last minute of what ran', async () => {
    const asked: unknown[] = [];
    const history = async (...args: unknown[]) => {
      asked.push(args);
      return args[0] === 'shop/api' ? SPAN : NONE;
    };
    const past = Array.from({ length: 130 }, (_, at) => notice(at + 1, 'api', 'ready'));
    const { client, live } = await stage([liveService('api'), liveService('db')], { parts: { history }, past });
    const { frames } = await watcher(client, { every: 500 });
    expect(frames).toEqual([
      { type: 'snapshot', seq: 1, every: 500, live: live(), notices: past.slice(-100), recent: { 'shop/api': SPAN } },
    ]);
    expect(asked).toEqual(['shop/api', 'shop/db'].map(id => [id, live().at - 60_000, 0]));
  });

  it('has the part that was asked for', async () => {
    const services = [liveService('api'), liveService('db'), liveService('api', { project: 'other' })];
    const past = [notice(1, 'api', 'ready'), notice(2, 'db', 'ready'), notice(3, 'api', 'ready', 'ready', 'other')];
    const { client } = await stage(services, { past });
    const seen = async (query: object) => {
      const { frames } = await watcher(client, query);
      const [first] = frames;
      return first?.type === 'snapshot' && [first.live.services.map(({ id }) => id), first.notices.map(({ seq }) => seq)];
    };
    expect(await seen({ services: ['api'] })).toEqual([['shop/api', 'other/api'], [1, 3]]); // biome-ignore format: short
    expect(await seen({ project: 'shop' })).toEqual([['shop/api', 'shop/db'], [1, 2]]); // biome-ignore format: short
    expect(await seen({ project: 'shop', services: ['db', 'none'] })).toEqual([['shop/db'], [2]]);
  });

  it('a daemon that fails to give one says no more than that', async () => {
    const { socket, logged } = await stage([liveService('api')], { parts: { history: async () => Promise.reject(new Error('s3cret')) } });
    const client = rawStream(socket);
    expect(await new Promise(resolve => client.once('close', (code, reason) => resolve([code, String(reason)])))).toEqual([
      1011,
      'The daemon failed; its log has the cause.',
    ]);
    expect(logged.join('\n')).toContain('s3cret');
  });
});

describe('what follows', () => {
  it('put together is what is true', async () => {
    const names = ['a', 'b', 'c'];
    const { client, paint, live } = await stage(
      names.map(name => liveService(name)),
      { limits: { soonest: 2 } },
    );
    const seen = await watcher(client, { every: 250 });
    const part = await watcher(client, { every: 250, services: ['a', 'c'] });
    const name = fc.constantFrom(...names);
    const step: fc.Arbitrary<(live: Live) => Live> = fc.oneof(
      fc.tuple(name, fc.nat(500)).map(([at, mb]) => change(at, { usage: { ...USAGE, workingSet: mb * MB } })),
      fc.tuple(name, fc.constantFrom('running', 'asleep', 'failed')).map(([at, state]) => change(at, { state, usage: null })),
      name.map(gone => (before: Live) => ({ ...before, services: before.services.filter(({ name: other }) => other !== gone) })),
      name.map(come => (before: Live) => ({
        ...before,
        services: [...before.services.filter(({ name: other }) => other !== come), liveService(come, { crashes: 1 })],
      })),
      fc.nat(9).map(rss => (before: Live) => ({ ...before, daemon: { ...before.daemon, rss } })),
    );
    let version = 0;
    const sorted = (snapshot: Live, among = names) =>
      snapshot.services.filter(each => among.includes(each.name)).sort((a, b) => a.id.localeCompare(b.id));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 12 }), async steps => {
        for (const [next, pause] of steps) {
          paint(next);
          if (pause) await new Promise(setImmediate);
        }
        const engine = { kind: 'docker' as const, version: `${++version}` };
        paint(before => ({ ...before, engine }));
        await seen.until('delta', ({ live: delta }) => delta.engine?.version === engine.version);
        await part.until('delta', ({ live: delta }) => delta.engine?.version === engine.version);
        expect({ ...seen.snapshot(), services: sorted(seen.snapshot()) }).toEqual({ ...live(), services: sorted(live()) });
        expect(sorted(part.snapshot())).toEqual(sorted(live(), ['a', 'c']));
      }),
      { numRuns: runs(25) },
    );
  });

  it('news is told at once, figures at their turn, and nothing when nothing changed', async () => {
    const { client, paint } = await stage([liveService('api')]);
    const seen = await watcher(client, { every: 60_000 });
    const first = { ...USAGE, pids: 1 };
    paint(change('api', { usage: first }));
    expect(await seen.next()).toMatchObject({ type: 'delta', live: { services: [{ usage: first }] } });
    // Its next turn is in a minute: figures alone wait, but come along with news.
    paint(change('api', { usage: { ...USAGE, pids: 2 } }));
    paint(live => live);
    paint(change('api', { stopsIn: 5 }));
    paint(change('api', { state: 'stopping' }));
    expect(await seen.next()).toMatchObject({
      type: 'delta',
      live: { services: [{ id: 'shop/api', usage: { pids: 2 }, stopsIn: 5, state: 'stopping' }] },
    });
  });

  it('each is told at the rate that it asked for, and the daemon is watched at the smallest', async () => {
    const { client, paint, watched, taken } = await stage([liveService('api')]);
    const slow = await watcher(client, { every: 60_000 });
    expect(watched()).toEqual([60_000]);
    const fast = await watcher(client, { every: 250 });
    expect(watched()).toEqual([250]);
    const before = taken();
    for (let pids = 1; pids <= 3; pids++) {
      paint(change('api', { usage: { ...USAGE, pids } }));
      await fast.until('delta', ({ live }) => live.services?.[0]?.usage?.pids === pids);
    }
    expect(taken() - before).toBe(3);
    paint(change('api', { state: 'failed' }));
    await slow.until('delta', ({ live }) => live.services?.[0]?.state === 'failed');
    // The first figures, then the news with all figures since.
    expect(slow.frames.filter(({ type }) => type === 'delta')).toHaveLength(2);
    await fast.leave();
    await expect.poll(watched).toEqual([60_000]);
    await slow.leave();
    await expect.poll(watched).toEqual([]);
  });

  it('a storm of changes is told in steps of 50 ms', async () => {
    const { client, paint, taken } = await stage([liveService('api')]);
    const seen = await watcher(client);
    const [before, begin] = [taken(), performance.now()];
    for (let crashes = 1; crashes <= 300; crashes++) {
      paint(change('api', { crashes }));
      await new Promise(setImmediate);
    }
    await seen.until('delta', ({ live }) => live.services?.[0]?.crashes === 300);
    expect(taken() - before).toBeLessThanOrEqual(5 + (performance.now() - begin) / 50);
    expect(taken() - before).toBeGreaterThanOrEqual(2);
  });

  it('notices come in order, to those whom they concern', async () => {
    const { client, tell } = await stage([liveService('api')]);
    const [all, api, other] = await Promise.all([{}, { services: ['api'] }, { project: 'other' }].map(query => watcher(client, query)));
    for (let seq = 1; seq <= 6; seq++) tell(notice(seq, seq % 2 ? 'api' : 'db', 'ready', 'ready', seq > 4 ? 'other' : 'shop'));
    const seqs = async (one = all, last = 6) => {
      await one?.until('notice', frame => frame.notice.seq === last);
      return one?.frames.flatMap(frame => (frame.type === 'notice' ? frame.notice.seq : []));
    };
    expect(await seqs(all)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await seqs(api, 5)).toEqual([1, 3, 5]);
    expect(await seqs(other)).toEqual([5, 6]);
  });

  it('a heartbeat when there is nothing to say', async () => {
    const { client } = await stage([], { limits: { heartbeat: 40 } });
    const seen = await watcher(client);
    expect([await seen.next(), await seen.next()].map(({ type, seq }) => [type, seq])).toEqual([['heartbeat', 2], ['heartbeat', 3]]); // biome-ignore format: short
  });

  it('who comes again begins with a snapshot', async () => {
    const { client, paint, live } = await stage([liveService('api')]);
    const first = await watcher(client);
    await first.leave();
    paint(change('api', { state: 'asleep' }));
    const again = await watcher(client);
    expect(again.frames).toMatchObject([{ type: 'snapshot', seq: 1, live: live() }]);
  });
});

describe('the upgrade request of the stream', () => {
  it.each([
    ['every=100ms', 'The parameter every must be from 250ms to 60s.'],
    ['every=2m', 'The parameter every must be from 250ms to 60s.'],
    ['every=1', 'The parameter every must be a duration, such as 250ms, 1s or 15m.'],
    ['every=1s&every=2s', 'The parameter every may be given once.'],
    ['project=SHOP', expect.stringContaining('This is not a project name')],
    ['services=a,,b', expect.stringContaining('This is not a service name')],
    [`services=${'a,'.repeat(100)}a`, 'The parameter services takes at most 100 names.'],
  ])('refuses %s', async (query, message) => {
    const { socket } = await stage();
    const client = rawStream(socket, `?${query}`);
    const response = await new Promise<IncomingMessage>(resolve => client.once('unexpected-response', (_, answer) => resolve(answer)));
    let text = '';
    for await (const chunk of response) text += chunk;
    expect([response.statusCode, JSON.parse(text).error]).toEqual([400, expect.objectContaining({ code: 'usage', message })]);
  });

  it('takes every from 250ms to 60s, in any of its spellings', async () => {
    const { client, socket } = await stage();
    expect((await watcher(client, { every: 250 })).frames).toMatchObject([{ every: 250 }]);
    const raw = rawStream(socket, '?every=1m');
    expect(JSON.parse(String(await new Promise(resolve => raw.once('message', resolve))))).toMatchObject({ every: 60_000 });
  });

  it('one client too many is refused with 503 before the upgrade, and one is taken again when another has left', async () => {
    const { client, socket } = await stage();
    const all = await Promise.all(Array.from({ length: 16 }, () => watcher(client)));
    const refused = rawStream(socket);
    expect(await new Promise(resolve => refused.once('unexpected-response', (_, { statusCode }) => resolve(statusCode)))).toBe(503);
    await expect(watcher(client)).rejects.toMatchObject({ failure: { code: 'too-busy', details: { most: 16 } } });
    await all[7]?.leave();
    await expect.poll(() => watcher(client).then(({ frames }) => frames.length, codeOf)).toBe(1);
  });

  it('lets in whom the daemon lets in: no browser, no other host, no other method', async () => {
    const { socket, watched } = await stage();
    const heads: Record<string, string>[] = [{ origin: 'http://localhost' }, { origin: 'null' }, { host: 'evil.example' }, { 'sec-fetch-site': 'none' }, { referer: 'x' }]; // biome-ignore format: short
    for (const headers of heads) {
      const client = rawStream(socket, '', headers);
      expect(await new Promise(resolve => client.once('unexpected-response', (_, { statusCode }) => resolve(statusCode)))).toBe(403);
    }
    const post = `POST /v1/stream HTTP/1.1\r\nHost: laptop-dev\r\nContent-Type: application/json\r\n${UPGRADE}`;
    expect(await sendRaw(socket, post)).toMatch(/^HTTP\/1\.1 404/);
    expect(watched()).toEqual([]);
  });

  it('survives clients that vanish in the handshake, and watches for none of them', async () => {
    const { client, socket, watched } = await stage([liveService('api')]);
    for (let turn = 0; turn < 20; turn++) {
      const vanishing = connect(socket, () => {
        vanishing.write(`GET /v1/stream HTTP/1.1\r\nHost: laptop-dev\r\n${UPGRADE}`);
        vanishing.destroy();
      });
      await new Promise(resolve => vanishing.once('close', resolve));
    }
    const seen = await watcher(client);
    await seen.leave();
    await expect.poll(watched).toEqual([]);
  });

  it('ends a client that talks, and answers a plain GET with 404', async () => {
    const { socket } = await stage();
    const client = rawStream(socket);
    client.on('open', () => client.send('hello'));
    expect(await new Promise(resolve => client.once('close', resolve))).toBe(1008);
    const long = rawStream(socket);
    long.on('open', () => long.send('x'.repeat(2_000)));
    expect(await new Promise(resolve => long.once('close', resolve))).toBe(1009);
    expect(errorOf(await send(socket, 'GET', '/v1/stream')).code).toBe('not-found');
  });

  it('answers pings', async () => {
    const { socket } = await stage();
    const client = rawStream(socket);
    client.on('open', () => client.ping('x'));
    expect(String(await new Promise(resolve => client.once('pong', resolve)))).toBe('x');
  });
});

describe('the client', () => {
  it('fails with daemon-unavailable when there is no daemon, and when it goes', async () => {
    const { client, stop } = await stage();
    const seen = await watcher(client);
    await stop();
    await expect(seen.next()).rejects.toSatisfy(error => codeOf(error) === 'daemon-unavailable');
    await expect(watcher(client)).rejects.toSatisfy(error => codeOf(error) === 'daemon-unavailable');
  });

  it('fails with daemon-unavailable when the daemon hangs: it has not even a heartbeat', async () => {
    const { client } = await stage([], { limits: { heartbeat: 60_000 } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const seen = await watcher(client, { patience: 30_000 });
    setImmediate(() => vi.advanceTimersByTime(30_000));
    await expect(seen.next()).rejects.toSatisfy(error => codeOf(error) === 'daemon-unavailable' && /said nothing/.test(String(error)));
  });

  it('ends with the reason of its signal', async () => {
    const { client } = await stage();
    const controller = new AbortController();
    const seen = await watcher(client, { signal: controller.signal });
    const next = seen.next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    await expect(watcher(client, { signal: controller.signal })).rejects.toThrow('enough');
  });
});
