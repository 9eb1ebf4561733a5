import { afterEach, describe, expect, test, vi } from 'vitest';
import { createContainers } from '../../daemon/engine/containers.js';
import type { EngineEvent } from '../../daemon/model/observed.js';
import type { Containers, LaunchOptions } from '../../daemon/ports/ports.js';
import { FailureError } from '../../daemon/shared/failure.js';
import { serviceSpec } from '../scheduler/specs.js';
import { type Answer, type FakeEngine, fakeEngine, json, stuck } from './support/fake-engine.js';

const open: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of open.splice(0).reverse()) await close();
});

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
async function engine(answers: Record<string, Answer> = {}): Promise<{ containers: Containers; fake: FakeEngine }> {
  const fake = await fakeEngine(answers);
  const containers = createContainers({ endpoint: fake.endpoint, instance: 'me', log });
  open.push(fake.close, () => containers.close());
  return { containers, fake };
}
async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    reason => reason,
  );
  if (!(error instanceof FailureError)) throw new Error(`expected a failure, not ${String(error)}`);
  return error.failure;
}
const launch: LaunchOptions = { grant: 1024, profile: 'p', projectRoot: '/', networks: [], volumes: [], carryOver: {}, wiring: '' };

describe('an engine that does not answer', () => {
  test.each([
    ['inspect', 10_000, 'GET /containers/c1/json', (containers: Containers) => containers.inspect('c1')],
    ['start', 60_000, 'POST /containers/c1/start', (containers: Containers) => containers.start('c1')],
    ['stop', 13_000, 'POST /containers/c1/stop', (containers: Containers) => containers.stop('c1', 3000)],
    ['resize', 60_000, 'POST /containers/c1/update', (containers: Containers) => containers.resize('c1', 1)],
    ['pause', 60_000, 'POST /containers/c1/pause', (containers: Containers) => containers.pause('c1')],
    ['stats', 10_000, 'GET /containers/c1/stats', (containers: Containers) => containers.stats('c1')],
    ['list', 10_000, 'GET /containers/json', (containers: Containers) => containers.list()],
  ])('%s ends after %d ms and no earlier', async (_name, limit, call, run) => {
    const { containers, fake } = await engine({ [call]: stuck });
    await containers.info();
    // Sockets keep real time, deadlines do not.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let settled = false;
    const outcome = failureOf(run(containers)).finally(() => {
      settled = true;
    });
    await fake.arrived(call);
    await vi.advanceTimersByTimeAsync(limit - 1);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject({ code: 'engine-timeout', details: { limit } });
  });

  test('at the first call of all', async () => {
    const { containers, fake } = await engine({ 'GET /version': stuck });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const outcome = failureOf(containers.info());
    await fake.arrived('GET /version');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await outcome).toMatchObject({ code: 'engine-timeout' });
  });
});

test('no socket: engine-unavailable with the reason; asked again at the next call', async () => {
  const containers = createContainers({ endpoint: 'unix:///nowhere/engine.sock', instance: 'me', log });
  for (let attempt = 0; attempt < 2; attempt++) {
    const failure = await failureOf(containers.info());
    expect(failure).toMatchObject({ code: 'engine-unavailable', details: { errno: 'ENOENT' } });
  }
  containers.close();
});

test('version and info are asked once, and again after the engine was away', async () => {
  let broken = false;
  const { containers, fake } = await engine({
    'GET /containers/json': (response, request) => (broken ? request.socket.destroy() : json(200, [])(response, request)),
  });
  await containers.list();
  await containers.list();
  expect(fake.calls.filter(call => call === 'GET /version')).toHaveLength(1);
  broken = true;
  expect(await failureOf(containers.list())).toMatchObject({ code: 'engine-unavailable' });
  broken = false;
  await containers.list();
  expect(fake.calls.filter(call => call === 'GET /version')).toHaveLength(2);
});

describe('create', () => {
  const HostConfig = { Memory: 1024, MemorySwap: 1024, MemoryReservation: 1024 };
  const created = (applied: object) => ({
    'POST /containers/create': json(201, { Id: 'c1' }),
    'GET /containers/c1/json': json(200, { Id: 'c1', HostConfig: { ...HostConfig, ...applied } }),
    'DELETE /containers/c1': json(204, {}),
  });

  test('limits that were not applied: the container is removed and the failure has both figures', async () => {
    const { containers, fake } = await engine(created({ Memory: 0 }));
    expect(await failureOf(containers.create(serviceSpec(), launch))).toMatchObject({
      code: 'limit-not-applied',
      details: { wanted: 1024, applied: 0 },
    });
    expect(fake.calls).toContain('DELETE /containers/c1');
  });

  test('a removal that meets the container’s own end, as Podman refuses it, is tried again until it is gone', async () => {
    const improper = { cause: 'container state improper', message: 'cannot remove container c1 as it could not be stopped', response: 500 };
    const removals = [json(500, improper), json(409, improper), json(204, {})];
    const { containers, fake } = await engine({
      ...created({ Memory: 0 }),
      'DELETE /containers/c1': (...call) => removals.shift()?.(...call),
    });
    expect(await failureOf(containers.create(serviceSpec(), launch))).toMatchObject({ code: 'limit-not-applied' });
    expect(fake.calls.filter(call => call === 'DELETE /containers/c1')).toHaveLength(3);
  });

  test('no swap accounting: created, with a warning in info()', async () => {
    const { containers } = await engine(created({ MemorySwap: -1 }));
    expect(await containers.create(serviceSpec(), launch)).toBe('c1');
    expect((await containers.info()).warnings.join()).toContain('does not account for swap');
  });

  test('an engine without memory limits is not asked', async () => {
    const { containers, fake } = await engine({ 'GET /info': json(200, { CgroupVersion: '1', MemoryLimit: false }) });
    expect(await failureOf(containers.create(serviceSpec(), launch))).toMatchObject({ code: 'limit-not-applied' });
    expect(fake.calls).not.toContain('POST /containers/create');
  });

  test('a name that is taken again and again: three tries', async () => {
    const holder = 'a'.repeat(64);
    const Labels = { 'laptop-dev.instance': 'me', 'laptop-dev.project': 'p', 'laptop-dev.service': 'app' };
    const { containers, fake } = await engine({
      'POST /containers/create': json(409, {
        message: `Conflict. The container name "/p-app-1" is already in use by container "${holder}".`,
      }),
      [`GET /containers/${holder}/json`]: json(200, { Id: holder, State: { Status: 'exited' }, Config: { Labels } }),
      [`DELETE /containers/${holder}`]: json(204, {}),
    });
    expect(await failureOf(containers.create(serviceSpec(), launch))).toMatchObject({ code: 'name-taken' });
    expect(fake.calls.filter(call => call === 'POST /containers/create')).toHaveLength(3);
    expect(fake.calls.filter(call => call === `DELETE /containers/${holder}`)).toHaveLength(2);
  });
});

test('a container that goes between list and inspect is left out', async () => {
  const { containers } = await engine({
    'GET /containers/json': json(200, [{ Id: 'gone' }, { Id: 'here' }]),
    'GET /containers/here/json': json(200, { Id: 'here' }),
  });
  expect((await containers.list()).map(each => each.id)).toEqual(['here']);
});

describe('events', () => {
  async function collect(answer: Answer): Promise<{ seen: EngineEvent[]; end: unknown }> {
    const { containers } = await engine({ 'GET /events': answer });
    const seen: EngineEvent[] = [];
    try {
      for await (const event of containers.events(new AbortController().signal)) seen.push(event);
      return { seen, end: null };
    } catch (error) {
      return { seen, end: error };
    }
  }
  const line = '{"Type":"container","Action":"start","Actor":{"ID":"c1"},"time":1}\n';

  test.each<[string, Answer]>([
    ['ends', response => response.end(line)],
    [
      'breaks off',
      response => {
        response.write(line, () => response.socket?.destroy());
      },
    ],
  ])('a stream that %s: engine-unavailable', async (_name, answer) => {
    const { seen, end } = await collect(answer);
    expect(seen).toEqual([{ kind: 'started', id: 'c1', at: 1000 }]);
    expect(end).toMatchObject({ failure: { code: 'engine-unavailable' } });
  });

  test('the signal ends it in peace, also before the engine has answered', async () => {
    const { containers, fake } = await engine({ 'GET /events': stuck });
    const controller = new AbortController();
    const iterator = containers.events(controller.signal)[Symbol.asyncIterator]();
    const next = iterator.next();
    await fake.arrived('GET /events');
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
