import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { serviceId } from '../../daemon/model/spec.js';
import type { ListenerHooks, Listeners } from '../../daemon/ports/listeners.js';
import type { Containers } from '../../daemon/ports/ports.js';
import { ListenerManager } from '../../daemon/runtime/endpoints/listener-manager.js';
import { Loop } from '../../daemon/runtime/loop.js';
import { Waiters } from '../../daemon/runtime/waiters.js';
import type { Event } from '../../daemon/scheduler/state/event.js';
import type { Step } from '../../daemon/scheduler/state/step.js';
import { silent } from '../activation/harness.js';
import { sleeper } from '../scheduler/support/households.js';
import { observed, policy, project } from '../scheduler/support/specs.js';

const NEVER = new AbortController().signal;
const shop = project('shop', { db: sleeper(5432, 600) });
const ID = serviceId('shop', 'db');
const [DB] = shop.services;
if (DB === undefined) throw new Error('the project has no service');

/** The mailbox, the decisions and the listeners as in a daemon; what the engine would answer comes at once. */
class Bench {
  readonly time = { now: 1_000_000 };
  readonly posted: Event['kind'][] = [];
  decisions = 0;
  connections = 0;
  private hooks: ListenerHooks | null = null;
  private readonly waiters = new Waiters();
  readonly clock = { now: () => this.time.now, wall: () => this.time.now };

  readonly loop = new Loop({ policy: policy(4_000), clock: this.clock });

  readonly manager = new ListenerManager({
    containers: {} as Containers,
    redirector: { seen: () => null, ids: () => [] },
    openListeners: hooks => {
      this.hooks = hooks;
      const activity = () => ({ connections: this.connections, lastByteAt: null, holding: this.connections > 0, bytes: 0, rhythm: null });
      return { set: async () => [], activity, drain: async () => undefined, close: async () => undefined } satisfies Listeners;
    },
    hasGateways: () => false,
    isLocal: async () => false,
    expect: () => Promise.reject(new Error('no address here')),
    clock: this.clock,
    world: () => this.loop.world,
    post: event => this.post(event),
    awake: id => this.waiters.wait(this.loop.world, [id], 'awake', NEVER),
    measure: () => ({ services: [], host: { at: this.time.now, total: 8e9, available: 8e9, psi: null, swapIn: null, refaults: null } }),
    untilReady: async () => ({ ready: true, protocol: null }),
    listening: () => [],
    log: silent,
  });

  constructor() {
    this.loop.start({
      execute: step => void Promise.resolve().then(() => this.carryOut(step)),
      onNotices: () => undefined,
      onWorld: world => {
        this.decisions++;
        this.waiters.update(world);
        this.manager.update(world);
      },
    });
  }

  post(event: Event): void {
    this.posted.push(event.kind);
    this.loop.post(event);
  }

  /** A client connects to the port of the database; resolves to where its connection goes. */
  async connect(): Promise<unknown> {
    this.connections = 1;
    const listener = { service: ID, hostIp: '127.0.0.1', port: 5432, containerPort: 5432, protocol: 'postgres', certain: true, holdBlocked: true, from: null } as const; // biome-ignore format: one thought
    const reached = this.hooks?.wake(listener);
    this.hooks?.changed(ID); // as the listeners tell it, a moment after the first connection
    return reached;
  }

  disconnect(): void {
    this.connections = 0;
    this.hooks?.changed(ID);
  }

  private carryOut(step: Step): void {
    switch (step.kind) {
      case 'openListeners':
        return this.manager.open(step.project, step.serial);
      case 'ensureImage':
        return this.post({ kind: 'imageReady', id: step.id, attempt: step.attempt });
      case 'launch':
        return this.post({ kind: 'launched', id: step.id, attempt: step.attempt, container: observed(step.spec, { ip: '172.18.0.2' }) });
      case 'probe':
        this.manager.proved(step.id, step.attempt, [5432]);
        return this.post({ kind: 'ready', id: step.id, attempt: step.attempt, readiness: { kind: 'checked' } });
      case 'stop':
        return this.post({ kind: 'stopped', id: step.id, container: step.container, exit: { code: 0, oom: false } });
      default:
        return;
    }
  }
}

async function settled(): Promise<void> {
  for (let round = 0; round < 10; round++) await turn();
}

test('a connection to a service that sleeps costs three decisions: it is woken, launched, ready', async () => {
  const bench = new Bench();
  const restored = { spec: shop, up: ['db'], restart: [], recreate: [], leaving: null };
  bench.post({ kind: 'restored', projects: [restored] });
  bench.post({ kind: 'observed', containers: [], asOf: bench.loop.world.version });
  await settled();
  expect(await bench.connect()).toEqual({ host: '172.18.0.2', port: 5432 }); // the first one has its image looked for
  bench.disconnect();
  bench.time.now += 3_600_000;
  const seen = { id: ID, connections: 0, holding: false, moving: false, execs: 0, lastByteAt: null };
  bench.post({ kind: 'useChecked', id: ID, container: 'c-db', seen, busy: false, vetoed: false, heldBy: null });
  await settled();
  expect(bench.loop.world.services.get(ID)?.state.kind).toBe('asleep');
  [bench.posted.length, bench.decisions] = [0, 0];
  expect(await bench.connect()).toEqual({ host: '172.18.0.2', port: 5432 });
  await settled();
  expect([bench.posted, bench.decisions]).toEqual([['wakeRequested', 'launched', 'ready'], 3]);
  bench.loop.close();
  await bench.manager.close();
});
