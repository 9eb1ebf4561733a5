import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Live } from '../../daemon/api/live.js';
import type { ContainerSample } from '../../daemon/model/container-sample.js';
import type { EngineEvent, ObservedContainer } from '../../daemon/model/observed.js';
import type { Listeners } from '../../daemon/ports/listeners.js';
import type { Containers, History, Store } from '../../daemon/ports/ports.js';
import type { WindowsMemory } from '../../daemon/ports/windows-memory.js';
import { createSupervisor } from '../../daemon/runtime/create-supervisor.js';
import { sleeper } from '../scheduler/support/households.js';
import { observed, project, service } from '../scheduler/support/specs.js';
import { DETAIL, sampleOf } from './support/rig.js';
import { supervisorOptions } from './support/supervisor-options.js';

const MB = 1024 * 1024;
const shop = project('shop', { api: sleeper(3000, 600), db: sleeper(5432, 600) });
const restored = { spec: shop, up: ['api', 'db'], restart: [], recreate: [], leaving: null };

/** A daemon on an engine that says what the test tells it to, and that remembers what was asked of it. */
async function daemon(...running: readonly string[]) {
  return daemonOn({ wsl: false, windowsMemory: () => Promise.reject(new Error('this is no WSL')) }, ...running);
}

async function daemonOn({ wsl, windowsMemory }: { wsl: boolean; windowsMemory: WindowsMemory }, ...running: readonly string[]) {
  const time = { now: 1_000_000, wall: 1_700_000_000_000 };
  const feed = new Feed();
  const used = new Map<string, ContainerSample>();
  const connections = new Map<string, number>();
  const of = (name: string): ObservedContainer => observed(service('shop', name), { pid: 7, startedAt: time.wall, ip: '172.18.0.2' });
  const containers: Partial<Containers> = {
    info: async () => ({ kind: 'docker', version: '1', apiVersion: '1', cgroupVersion: '2', memoryTotal: 1, endpoint: '', warnings: [] }),
    list: async () => running.map(of),
    events: signal => feed.events(signal),
    inspect: async () => null,
    stats: async () => null,
    removeHelpers: async () => undefined,
    logs: async function* () {},
  };
  const activator: Partial<Listeners> = {
    set: async () => [],
    activity: id => ({ connections: connections.get(id) ?? 0, lastByteAt: null, holding: false, bytes: 0, rhythm: null }),
    close: async () => undefined,
  };
  const store: Store = {
    load: () => ({ intent: { version: 1, projects: [restored], trusted: [], pins: [], budget: null }, warning: null }),
    save: () => null,
  };
  const history: History = {
    add: () => {},
    points: async (_id, _since, slot) => [{ at: slot === 300_000 ? 600_000 : 660_000, p: 1, peak: 2, cpu: 3 }],
    close: () => {},
  };
  const options = supervisorOptions({
    containers: containers as Containers,
    usage: { workingSet: async () => null, sample: id => used.get(id) ?? null, forget: () => {} },
    history,
    host: {
      read: () => ({ total: 8_000 * MB, available: 4_000 * MB }),
      sample: () => ({ total: 8_000 * MB, available: 4_000 * MB, psi: { some10: 1, full10: 0 }, swapIn: 0, refaults: 0 }),
      detail: () => ({ swapTotal: 2, swapFree: 1, cores: 4, cpu: { busy: time.now / 4, all: time.now }, load: [1, 2, 3], wsl }),
    },
    store,
    windowsMemory,
    clock: { now: () => time.now, wall: () => time.wall },
    openListeners: () => activator as Listeners,
  });
  const { supervisor, looked, close } = createSupervisor(options);
  onTestFinished(() => close());
  await looked;
  return { supervisor, feed, used, connections, time };
}

/** The engine's events, one after the other. */
class Feed {
  private readonly waiting: EngineEvent[] = [];
  private wake: () => void = () => undefined;

  say(event: EngineEvent): void {
    this.waiting.push(event);
    this.wake();
  }

  async *events(signal: AbortSignal): AsyncGenerator<EngineEvent> {
    signal.addEventListener('abort', () => this.wake());
    while (!signal.aborted) {
      for (let event = this.waiting.shift(); event; event = this.waiting.shift()) yield event;
      await new Promise<void>(resolve => {
        this.wake = resolve;
      });
    }
  }
}

const stateOf = ({ supervisor }: Awaited<ReturnType<typeof daemon>>, name: string) =>
  supervisor.live().services.find(each => each.name === name)?.state;

test('the snapshot has host, daemon, budget and services, with rates from two looks', async () => {
  const own = await daemon('api', 'db');
  own.used.set('c-api', sampleOf(100 * MB, 0, { detail: DETAIL }));
  const first = own.supervisor.live();
  expect(first).toMatchObject({
    at: own.time.wall,
    daemon: { version: '9.9.9', pid: 42, instance: 'abc', startedAt: own.time.wall, cpu: null },
    engine: { kind: 'docker', version: '1' },
    host: { total: 8_000 * MB, swapFree: 1, cores: 4, cpu: null, load: [1, 2, 3], psi: { some10: 1 }, pressure: 'none', wsl: false },
    budget: { budget: 4_000 * MB, granted: 400 * MB, standard: 200 * MB, workingSet: 100 * MB },
  });
  expect(first.daemon.rss).toBeGreaterThan(10 * MB);
  expect(first.services).toMatchObject([
    { id: 'shop/api', state: 'running', usage: { workingSet: 100 * MB, usage: 200 * MB, cpu: null, pids: 3 }, address: '172.18.0.2' },
    { id: 'shop/db', state: 'running', usage: null, memory: { workingSet: null } },
  ]);
  own.time.now += 5_000;
  own.used.set('c-api', sampleOf(120 * MB, 1e9, { detail: { ...DETAIL, netIn: DETAIL.netIn + 5_000 } }));
  const second = own.supervisor.live();
  expect(second.services[0]?.usage).toMatchObject({ workingSet: 120 * MB, cpu: 20, netIn: 1_000, netOut: 0 });
  expect(second.host.cpu).toBe(25);
  expect(second.daemon.cpu).not.toBeNull();
});

test('looking decides nothing: no notice, no callback, and what has not changed is the same', async () => {
  const own = await daemon('api');
  own.used.set('c-api', sampleOf(100 * MB, 0, { detail: DETAIL }));
  let calls = 0;
  own.supervisor.watch(60_000, () => calls++);
  await turn();
  await turn();
  own.time.now += 0.1; // in the moment in which it was asked for it is nobody's victim
  const before = { calls, notices: own.supervisor.notices().length };
  const first = own.supervisor.live();
  own.time.now += 0.4;
  own.time.wall += 1;
  for (let i = 0; i < 100; i++) own.supervisor.live();
  await turn();
  expect({ calls, notices: own.supervisor.notices().length }).toEqual(before);
  expect(own.supervisor.live().services).toEqual(first.services);
});

test('under WSL the snapshot has what Windows sees, once somebody watches and it has answered; elsewhere nothing of it', async () => {
  const seen = { total: 16_000 * MB, free: 3_000 * MB, machines: [{ name: 'vmmemWSL', memory: 7_000 * MB, since: 5 }] };
  const own = await daemonOn({ wsl: true, windowsMemory: async () => ({ windows: seen, fault: null }) });
  const pokes: Live['host'][] = [];
  expect(own.supervisor.live().host).not.toHaveProperty('windows');
  own.supervisor.watch(60_000, () => pokes.push(own.supervisor.live().host));
  await turn();
  await turn();
  expect(pokes.at(-1)?.windows).toEqual({ at: own.time.wall, ...seen });
  const plain = await daemon();
  plain.supervisor.watch(60_000, () => {});
  await turn();
  await turn();
  expect(Object.keys(plain.supervisor.live().host).filter(key => key.startsWith('windows'))).toEqual([]);
});

test('counters are those of the last look, and go with the service', async () => {
  const own = await daemon('api');
  own.used.set('c-api', sampleOf(100 * MB, 5e9, { detail: DETAIL }));
  own.supervisor.watch(60_000, () => {});
  expect(own.supervisor.totals().get('shop/api')).toMatchObject({ cpu: 5e9, netIn: DETAIL.netIn, blockOut: DETAIL.blockOut });
  own.feed.say({ kind: 'died', id: 'c-api', at: own.time.wall, exitCode: 1 });
  await turn();
  expect(own.supervisor.totals().size).toBe(0);
});

test('connections are those of this moment', async () => {
  const own = await daemon('api');
  expect(own.supervisor.live().services[0]?.connections).toBe(0);
  own.connections.set('shop/api', 12);
  expect(own.supervisor.live().services[0]?.connections).toBe(12);
});

test('a container’s death is seen by whoever watches in the turn in which the engine tells it', async () => {
  const own = await daemon('api');
  const seen: (string | undefined)[] = [];
  own.supervisor.watch(60_000, () => seen.push(stateOf(own, 'api')));
  await turn();
  await turn();
  seen.length = 0;
  own.feed.say({ kind: 'died', id: 'c-api', at: own.time.wall, exitCode: 1 });
  await turn();
  await turn();
  expect(seen).toHaveLength(1);
  expect(seen[0]).not.toBe('running');
});

test('all watchers are called, each until it ends', async () => {
  const own = await daemon('api', 'db');
  const calls = [0, 0];
  const ends = calls.map((_, i) => own.supervisor.watch(60_000, () => calls.splice(i, 1, (calls[i] ?? 0) + 1)));
  await turn();
  await turn();
  calls.fill(0);
  own.feed.say({ kind: 'died', id: 'c-api', at: own.time.wall, exitCode: 1 });
  await turn();
  await turn();
  expect(calls).toEqual([1, 1]);
  ends[0]?.();
  own.feed.say({ kind: 'died', id: 'c-db', at: own.time.wall, exitCode: 1 });
  await turn();
  await turn();
  expect(calls[0]).toBe(1);
  expect(calls[1]).toBeGreaterThan(1);
});

test('history: as it was measured or in short slots from memory, else minutes as they are kept', async () => {
  const own = await daemon('api');
  own.used.set('c-api', sampleOf(100 * MB, 0));
  own.supervisor.live();
  own.time.now += 5_000;
  own.time.wall += 5_000;
  own.used.set('c-api', sampleOf(200 * MB, 1e9));
  own.supervisor.live();
  const { supervisor, time } = own;
  expect(await supervisor.history('shop/api', 0, 0)).toEqual({
    slot: 0,
    entries: [
      { at: time.wall - 5_000, workingSet: 100 * MB, peak: 100 * MB, cpu: null },
      { at: time.wall, workingSet: 200 * MB, peak: 200 * MB, cpu: 20 },
    ],
  });
  expect((await supervisor.history('shop/api', time.wall, 0)).entries).toHaveLength(1);
  expect(await supervisor.history('shop/api', 0, 10_000)).toMatchObject({
    slot: 10_000,
    entries: [{ workingSet: 150 * MB, peak: 200 * MB }],
  });
  expect(await supervisor.history('shop/api', 0, 60_000)).toEqual({
    slot: 60_000,
    entries: [{ at: 660_000, workingSet: 1, peak: 2, cpu: 3 }],
  });
  expect(await supervisor.history('shop/api', 0, 300_000)).toMatchObject({ entries: [{ at: 600_000 }] });
});
