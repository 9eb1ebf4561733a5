import { describe, expect, test } from 'vitest';
import type { EngineEvent, ObservedContainer } from '../../daemon/model/observed.js';
import type { ServiceId } from '../../daemon/model/spec.js';
import { nextDeadline } from '../../daemon/scheduler/decide.js';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Driver } from './support/driver.js';
import { sleeper } from './support/households.js';
import { containerOf, never, running } from './support/shop.js';
import { asleep, refusalOf, sleeping, sleepyShop, tickAt, wake } from './support/sleepy.js';
import { observed, project } from './support/specs.js';

const DB: ServiceId = 'shop/db';
const single = project('shop', { db: { restart: { policy: 'always', maxRetries: null } } });

type Told = Omit<Extract<EngineEvent, { kind: 'died' }>, 'id' | 'at' | 'kind' | 'exitCode'> & {
  readonly kind: EngineEvent['kind'];
  readonly signal?: number;
  readonly exitCode?: number;
  readonly exec?: string;
};

/** What the engine tells of the container of a service, in this order; the container is the one that it has at the beginning. */
function reported(driver: Driver, id: ServiceId, ...events: readonly Told[]): string {
  const container = containerOf(driver, id);
  for (const event of events) driver.send({ kind: 'engine', event: { at: 0, id: container, ...event } as EngineEvent });
  return container;
}

/** As Docker 20.10 tells of each (`docker events`); the network's own events left out. */
const STOP = [{ kind: 'killed', signal: 15 }, { kind: 'died', exitCode: 143 }, { kind: 'stopped' }] as const;
const LATE_STOP = [
  { kind: 'killed', signal: 15 },
  { kind: 'killed', signal: 9 },
  { kind: 'died', exitCode: 137 },
  { kind: 'stopped' },
] as const;
const KILL = [
  { kind: 'killed', signal: 9 },
  { kind: 'died', exitCode: 137 },
] as const;
const START = [{ kind: 'started' }] as const;
const GONE = [{ kind: 'destroyed' }] as const;
/** Of no signal, and of a stop. Podman 4.3 tells of neither: there a stop is an end like any other (docs/engine.md). */
const SILENT_STOP = [{ kind: 'died', exitCode: 143 }, { kind: 'stopped' }] as const;

/** The look that follows a start finds this. */
function seen(driver: Driver, id: ServiceId, change: Partial<ObservedContainer> = {}): void {
  const entry = driver.world.services.get(id) ?? never();
  const others = [...driver.world.services.values()].filter(other => other !== entry && other.container !== null);
  const containers = others.map(({ spec, container, state }) =>
    observed(spec, {
      id: container ?? '',
      status: state.kind === 'running' ? 'running' : 'exited',
      limit: 'grant' in state ? state.grant : 0,
    }),
  );
  const mine = observed(entry.spec, { id: entry.container ?? '', ...change });
  driver.send({ kind: 'observed', containers: [...containers, mine], asOf: driver.world.version });
}

const wantOf = (driver: Driver, id: ServiceId) => driver.world.services.get(id)?.desired;
const pass = (driver: Driver) => tickAt(driver, driver.now + driver.policy.restartPause);

describe('a restart through the engine goes on', () => {
  test.each([
    ['docker restart', [...STOP, ...START]],
    ['docker restart of what does not obey', [...LATE_STOP, ...START]],
    ['docker kill, then docker start', [...KILL, ...START]],
    ['a restart without a signal', [...SILENT_STOP, ...START]],
    [
      'one whose stop is told of after its start',
      [{ kind: 'killed', signal: 15 }, { kind: 'died', exitCode: 0 }, { kind: 'started' }, { kind: 'stopped' }],
    ],
  ] as const)('%s', (_name, events) => {
    const driver = running(single);
    const container = reported(driver, DB, ...events);
    expect(driver.world.services.get(DB)).toMatchObject({ desired: 'up', byHand: true });
    seen(driver, DB);
    expect(driver.state(DB)).toMatchObject({ kind: 'starting', container });
    driver.settle();
    expect(driver.state(DB)).toMatchObject({ kind: 'running', container });
    pass(driver);
    expect(driver.state(DB)).toMatchObject({ kind: 'running', container });
    expect(driver.world.services.get(DB)).toMatchObject({ desired: 'up', crashes: [], stoppedOutsideAt: null });
  });

  test('its grant stays reserved meanwhile, and its ports open', () => {
    const driver = sleeping(sleepyShop, 400);
    wake(driver, DB);
    reported(driver, DB, ...STOP);
    expect(driver.state(DB)).toMatchObject({ kind: 'ended', grant: 200 * MiB });
    expect(driver.kinds()).toEqual([]);
    driver.send({ kind: 'wakeRequested', id: DB });
    expect(driver.settle()).toEqual([]); // who connects waits for what comes
  });

  test.each([
    ['ended', STOP],
    ['paused after a crash', [{ kind: 'died', exitCode: 1 }]],
  ] as const)('one that had %s and runs again is stopped before its grant goes to others', (_, end) => {
    const before = { db: { memory: [100, 300] as const, restart: { policy: 'always' as const, maxRetries: null } } };
    const driver = running(project('shop', before), 300);
    const container = reported(driver, DB, ...end, ...START);
    driver.act({ kind: 'up', spec: project('shop', { ...before, api: { memory: [100, 100] } }), services: null, recreate: true });
    expect(driver.kinds()).toContain('stop db');
    expect(driver.state(DB)).toMatchObject({ kind: 'stopping', grant: 300 * MiB, container, after: { kind: 'restart', grant: 200 * MiB } });
    expect(driver.state('shop/api').kind).toBe('queued');
    driver.settle();
    expect([driver.state(DB).kind, driver.state('shop/api').kind]).toEqual(['running', 'running']);
  });

  test('one that runs again is stopped by a stop', () => {
    const driver = running(single);
    reported(driver, DB, ...STOP, ...START);
    driver.act({ kind: 'stop', project: 'shop', services: ['db'] });
    expect(driver.kinds()).toContain('stop db');
    driver.settle();
    expect([wantOf(driver, DB), driver.state(DB).kind]).toEqual(['down', 'asleep']);
  });

  test('however long the engine takes: a start that comes after it was taken for a stop is a start by hand', () => {
    const driver = running(single);
    reported(driver, DB, ...STOP);
    pass(driver);
    expect(wantOf(driver, DB)).toBe('down');
    reported(driver, DB, ...START);
    seen(driver, DB);
    driver.settle();
    expect([wantOf(driver, DB), driver.state(DB).kind]).toEqual(['up', 'running']);
  });

  test('a look that fails is given again, and until then it is no stop', () => {
    const driver = running(single);
    reported(driver, DB, ...STOP, ...START);
    driver.now = nextDeadline(driver.world, driver.policy) ?? never();
    driver.send({ kind: 'tick' });
    expect(driver.kinds()).toEqual(['list']);
    expect(wantOf(driver, DB)).toBe('up');
  });

  test('one that crashes right after it has crashed', () => {
    const driver = running(single);
    reported(driver, DB, ...STOP, ...START, { kind: 'died', exitCode: 1 });
    expect(driver.state(DB)).toMatchObject({ kind: 'backoff', exit: { code: 1 } });
  });

  test('what lives in its network starts again with it', () => {
    const driver = running(project('shop', { db: {}, side: { ...sharing('db') } }));
    reported(driver, DB, ...STOP, ...START);
    seen(driver, DB);
    expect(driver.kinds()).toContain('stop side');
  });
});

describe('a stop through the engine stays a stop', () => {
  test.each([
    ['docker stop', STOP],
    ['docker stop of what does not obey', LATE_STOP],
    ['docker kill', KILL],
    [
      'docker kill -s TERM',
      [
        { kind: 'killed', signal: 15 },
        { kind: 'died', exitCode: 143 },
      ],
    ],
    ['a stop without a signal', SILENT_STOP],
    ['docker compose down', [...STOP, ...GONE]],
  ] as const)('%s', (_name, events) => {
    const driver = running(single);
    reported(driver, DB, ...events);
    pass(driver);
    expect(driver.state(DB).kind).toBe('asleep');
    expect(driver.world.services.get(DB)).toMatchObject({ desired: 'down', crashes: [], stoppedOutsideAt: expect.any(Number) });
    expect(driver.settle()).toEqual([]);
  });

  test('with a grace longer than its own, since the engine says that it was a stop', () => {
    const driver = running(single);
    reported(driver, DB, { kind: 'killed', signal: 15 });
    driver.now += 10 * 60_000;
    reported(driver, DB, { kind: 'died', exitCode: 1 });
    expect(driver.state(DB).kind).toBe('backoff');
    reported(driver, DB, { kind: 'stopped' });
    pass(driver);
    expect(driver.world.services.get(DB)).toMatchObject({ desired: 'down', crashes: [] });
  });

  test('of a one-shot that ends with 0 too', () => {
    const driver = running(project('shop', { db: {} }));
    reported(driver, DB, { kind: 'died', exitCode: 0 }, { kind: 'stopped' });
    pass(driver);
    expect(wantOf(driver, DB)).toBe('down');
  });

  test('but not of an engine that ends: the service comes back with it', () => {
    for (const wait of [1_000, 20_000]) {
      const driver = running(single);
      reported(driver, DB, ...STOP);
      tickAt(driver, wait);
      driver.now = wait;
      driver.send({ kind: 'engineLost' });
      const db = driver.world.services.get(DB)?.spec ?? never();
      driver.boot(observed(db, { id: 'db-1', status: 'exited', exitCode: 143, pid: null }));
      expect(driver.settle()).toContain('launch db');
      expect(driver.world.services.get(DB)?.crashes).toEqual([]);
    }
  });

  test('laptop-dev start, stop and restart in the moment between mean what they say', () => {
    for (const kind of ['start', 'restart', 'stop'] as const) {
      const driver = running(single);
      reported(driver, DB, ...STOP);
      driver.act({ kind, project: 'shop', services: ['db'] });
      driver.settle();
      pass(driver);
      expect(driver.state(DB).kind).toBe(kind === 'stop' ? 'asleep' : 'running');
    }
  });
});

describe('a container that is removed through the engine', () => {
  test('awake (docker rm -f): it is made again', () => {
    const driver = running(single);
    reported(driver, DB, ...KILL, ...GONE);
    expect(driver.settle()).toContain('launch db');
    expect(wantOf(driver, DB)).toBe('up');
  });

  test('asleep (prune): the next connection makes it, with the anonymous volumes of the last', () => {
    const driver = sleeping();
    wake(driver, DB);
    const volumes = { '/data': 'a'.repeat(64) };
    driver.send({
      kind: 'observed',
      containers: [observed(specOf(driver, DB), { id: 'db-1', anonymousVolumes: volumes })],
      asOf: driver.world.version,
    });
    tickAt(driver, 120_000);
    expect(asleep(driver, DB)).toBe(true);
    reported(driver, DB, ...GONE);
    expect(asleep(driver, DB)).toBe(true);
    driver.send({ kind: 'wakeRequested', id: DB });
    driver.settleOne();
    expect(driver.stepsOf('launch')).toMatchObject([{ previous: null, carryOver: volumes }]);
  });
});

describe('a start through the engine is a start', () => {
  test('of one that was stopped: it is wanted up, and kept so', () => {
    const driver = running(single);
    driver.act({ kind: 'stop', project: 'shop', services: ['db'] });
    driver.settle();
    reported(driver, DB, ...START);
    expect(driver.kinds()).toEqual(['list']);
    seen(driver, DB);
    expect(driver.kinds()).toEqual(['persist', 'probe db']);
    driver.settle();
    expect([wantOf(driver, DB), driver.state(DB).kind]).toEqual(['up', 'running']);
  });

  test('of one that sleeps: it is awake with its limit as its grant, and what it needs wakes', () => {
    const driver = sleeping();
    wake(driver, 'shop/api');
    tickAt(driver, 120_000);
    tickAt(driver, 400_000);
    expect([asleep(driver, 'shop/api'), asleep(driver, DB)]).toEqual([true, true]);
    reported(driver, 'shop/api', ...START);
    seen(driver, 'shop/api', { limit: 150 * MiB });
    driver.settle();
    expect(driver.state('shop/api')).toMatchObject({ kind: 'running', grant: 150 * MiB });
    expect(driver.state(DB).kind).toBe('running');
  });

  /** Its event comes after what a list has told. */
  const thenItsEvent = (driver: Driver, container: string): void => {
    driver.send({ kind: 'engine', event: { kind: 'started', id: container, at: 0 } });
    driver.settle();
    expect([wantOf(driver, DB), driver.state(DB).kind]).toEqual(['up', 'running']);
  };

  test('that a list tells of before its event does', () => {
    const driver = running(single);
    driver.act({ kind: 'stop', project: 'shop', services: ['db'] });
    driver.settle();
    const container = containerOf(driver, DB);
    seen(driver, DB);
    expect(driver.notices.map(({ kind, data }) => ({ kind, data }))).toEqual([{ kind: 'started', data: { reason: 'by-hand' } }]);
    thenItsEvent(driver, container);
  });

  test('that a list tells of before its event does, in the moment after its end: a restart', () => {
    const driver = running(single);
    const container = reported(driver, DB, ...STOP);
    seen(driver, DB);
    expect(driver.notices.map(({ kind, data }) => ({ kind, data }))).toEqual([{ kind: 'started', data: { reason: 'restarted-by-hand' } }]);
    thenItsEvent(driver, container);
  });

  test('that a list tells of, paused by now: it is wanted up, and frozen', () => {
    const driver = running(single);
    driver.act({ kind: 'stop', project: 'shop', services: ['db'] });
    driver.settle();
    seen(driver, DB, { status: 'paused' });
    driver.settle();
    expect(wantOf(driver, DB)).toBe('up');
    expect(driver.state(DB)).toMatchObject({ kind: 'running', frozen: true });
  });

  test('but not of a service that goes: what is left of it is not brought up by a list', () => {
    const driver = running(single);
    const container = containerOf(driver, DB);
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.send({ kind: 'observed', containers: [observed(specOf(driver, DB), { id: container })], asOf: driver.world.version });
    expect(wantOf(driver, DB)).not.toBe('up');
  });

  test.each([
    ['as its event tells', START],
    ['as a list tells before its event', []],
  ])('what is idle makes room for it, %s', (_name, events) => {
    const driver = sleeping(rivals, 300);
    wake(driver, 'lab/two');
    sleepNow(driver, 'lab/two');
    wake(driver, 'lab/one');
    driver.now += 300_000;
    reported(driver, 'lab/two', ...events);
    seen(driver, 'lab/two', { limit: 200 * MiB });
    driver.settle();
    expect(asleep(driver, 'lab/one')).toBe(true);
    expect(driver.state('lab/two').kind).toBe('running');
  });

  test('without room it is stopped again, and told why', () => {
    const driver = sleeping(rivals, 300);
    wake(driver, 'lab/two');
    sleepNow(driver, 'lab/two');
    wake(driver, 'lab/one');
    driver.act({ kind: 'lease', id: 'p', project: 'lab', services: ['one'], holder: 'pin', ttl: null, note: 'me' });
    driver.settle();
    reported(driver, 'lab/two', ...START);
    seen(driver, 'lab/two', { limit: 200 * MiB });
    expect(driver.kinds()).toContain('stop two');
    expect(refusalOf(driver, 'lab/two')).toMatchObject({ code: 'over-budget' });
    driver.settle();
    expect(asleep(driver, 'lab/two')).toBe(true);
  });

  test('with room for less than its limit it starts anew with what there is', () => {
    const driver = sleeping(
      project('lab', { one: sleeper(4000, 600, { memory: [100, 200] }), two: sleeper(4001, 600, { memory: [100, 200] }) }),
      300,
    );
    wake(driver, 'lab/two');
    sleepNow(driver, 'lab/two');
    wake(driver, 'lab/one');
    reported(driver, 'lab/two', ...START);
    seen(driver, 'lab/two', { limit: 200 * MiB });
    driver.settle();
    expect(driver.state('lab/two')).toMatchObject({ kind: 'running', grant: 100 * MiB });
  });

  test('but not one that an earlier daemon had asked for: what was stopped since stays stopped', () => {
    const driver = running(single);
    driver.act({ kind: 'stop', project: 'shop', services: ['db'] });
    driver.settle();
    Object.assign(driver, { world: { ...driver.world, engine: 'unknown' } });
    const spec = specOf(driver, DB);
    driver.boot(observed(spec, { id: containerOf(driver, DB), status: 'exited', exitCode: 0, pid: null }));
    reported(driver, DB, ...START);
    seen(driver, DB);
    driver.settle();
    expect([wantOf(driver, DB), driver.state(DB).kind]).toEqual(['down', 'asleep']);
  });

  test('nor our own launch', () => {
    const driver = running(single);
    driver.act({ kind: 'restart', project: 'shop', services: ['db'] });
    while (driver.stepsOf('launch').length === 0) driver.settleOne();
    reported(driver, DB, ...START);
    expect(driver.world.services.get(DB)?.byHand).toBe(false);
  });
});

describe('a signal that the process survives makes none of its later ends a stop', () => {
  test.each([1, 2, 3, 10, 12, 17, 28])('signal %i, then a crash', signal => {
    const driver = running(single);
    reported(driver, DB, { kind: 'killed', signal }, { kind: 'died', exitCode: 1 });
    expect(driver.state(DB)).toMatchObject({ kind: 'backoff', exit: { code: 1 } });
  });

  test('its own stop signal, then a crash an hour later', () => {
    const driver = running(single);
    reported(driver, DB, { kind: 'killed', signal: 15 });
    driver.now += 3_600_000;
    reported(driver, DB, { kind: 'died', exitCode: 1 });
    expect(driver.state(DB).kind).toBe('backoff');
  });

  test('where the image names another stop signal, that one counts and SIGTERM does not', () => {
    for (const [signal, kind] of [
      [3, 'ended'],
      [15, 'backoff'],
    ] as const) {
      const driver = running(single);
      const mine = observed(specOf(driver, DB), { id: containerOf(driver, DB), stopSignal: 3 });
      driver.send({ kind: 'engineLost' });
      driver.boot(mine);
      Object.assign(driver, { world: withStopSignal(driver, 3) });
      reported(driver, DB, { kind: 'killed', signal }, { kind: 'died', exitCode: 1 });
      expect(driver.state(DB).kind).toBe(kind);
    }
  });

  test('a kill at its limit after a stop signal is still one at its limit', () => {
    const driver = running(single);
    reported(driver, DB, { kind: 'killed', signal: 15 }, { kind: 'oom' }, { kind: 'died', exitCode: 137 });
    expect(driver.state(DB)).toMatchObject({ kind: 'backoff', exit: { oom: true } });
  });
});

describe('commands that others run in a container', () => {
  test('keep it awake while they run, and count as use until their end', () => {
    const driver = sleeping();
    wake(driver, DB);
    reported(driver, DB, { kind: 'execStarted', exec: 'e1' }, { kind: 'execStarted', exec: 'e2' }, { kind: 'execStarted', exec: 'e1' });
    expect(tickAt(driver, 1_000_000)).toEqual([]);
    reported(driver, DB, { kind: 'execEnded', exec: 'e1' });
    expect(tickAt(driver, 2_000_000)).toEqual([]);
    reported(driver, DB, { kind: 'execEnded', exec: 'e2' });
    expect(tickAt(driver, 2_100_000)).toEqual([]);
    expect(tickAt(driver, 2_120_000)).toContain('stop db');
  });

  test('whose end was not told of are let go when the engine lists them no more', () => {
    const driver = sleeping();
    wake(driver, DB);
    reported(driver, DB, { kind: 'execStarted', exec: 'e1' });
    driver.now = 1_000_000;
    seen(driver, DB, { sessions: [] });
    expect(tickAt(driver, 1_120_000)).toContain('stop db');
  });

  test('whose begin was not told of are found by a list, or by the look before it would sleep', () => {
    const driver = sleeping();
    wake(driver, DB);
    seen(driver, DB, { sessions: ['e1'] });
    expect(tickAt(driver, 1_000_000)).toEqual([]);
    const other = sleeping();
    wake(other, DB);
    other.now = 1_000_000;
    other.send({ kind: 'tick' });
    expect(other.kinds()).toEqual(['checkUse db']);
    const unused = { id: DB, connections: 0, holding: false, moving: false, execs: 0, lastByteAt: null };
    const looked = {
      kind: 'useChecked',
      id: DB,
      container: containerOf(other, DB),
      seen: unused,
      busy: false,
      vetoed: false,
      heldBy: null,
    } as const;
    other.send({ ...looked, sessions: ['e1'] });
    expect(other.kinds()).toEqual([]);
    expect(other.state(DB).kind).toBe('running');
  });

  test('end with the container', () => {
    const driver = running(single);
    reported(driver, DB, { kind: 'execStarted', exec: 'e1' }, { kind: 'died', exitCode: 1 });
    expect(driver.world.services.get(DB)?.sessions).toEqual([]);
  });
});

const rivals = project('lab', {
  one: sleeper(4000, 600, { memory: [200, 200] }),
  two: sleeper(4001, 600, { memory: [200, 200] }),
});

function specOf(driver: Driver, id: ServiceId) {
  return driver.world.services.get(id)?.spec ?? never();
}

/** Idle for long enough, and asleep. */
function sleepNow(driver: Driver, id: ServiceId): void {
  tickAt(driver, driver.now + 600_000);
  expect(asleep(driver, id)).toBe(true);
}

function withStopSignal(driver: Driver, stopSignal: number) {
  const services = new Map([...driver.world.services].map(([id, entry]) => [id, { ...entry, stopSignal }]));
  return { ...driver.world, services };
}

function sharing(name: string) {
  const [spec] = project('shop', { side: sleeper(1, 1) }).services;
  return { container: { ...(spec?.container ?? never()), networkMode: `service:${name}` as const }, dependsOn: [name] };
}

describe('networks and volumes that were removed through the engine', () => {
  /** Until its launch is given, and not carried out. */
  const launching = () => {
    const driver = sleeping();
    wake(driver, DB);
    sleepNow(driver, DB);
    driver.send({ kind: 'wakeRequested', id: DB });
    expect(driver.kinds()).toEqual(['launch db']);
    return driver;
  };

  test('with other gateways: the listeners are opened where they are now, then it is launched', () => {
    const driver = launching();
    const { attempt } = driver.world.services.get(DB) ?? never();
    driver.send({ kind: 'gatewaysMissing', id: DB, attempt });
    expect(driver.kinds()).toEqual(['openListeners']);
    expect(driver.state(DB)).toMatchObject({ kind: 'pending', grant: 200 * MiB });
    driver.send({ kind: 'gatewaysMissing', id: DB, attempt }); // of the launch that was given up
    expect(driver.settle()).toEqual(expect.arrayContaining(['openListeners', 'launch db', 'probe db']));
    expect(driver.state(DB).kind).toBe('running');
  });

  test('a volume that had been there: its loss is said, loudly; a new one is none', () => {
    const said = (launchedHash: string | null) => {
      const driver = launching();
      const services = new Map([...driver.world.services].map(([id, entry]) => [id, { ...entry, launchedHash }]));
      Object.assign(driver, { world: { ...driver.world, services } });
      const entry = driver.world.services.get(DB) ?? never();
      const container = observed(entry.spec, { id: 'db-9' });
      driver.send({ kind: 'launched', id: DB, attempt: entry.attempt, container, madeVolumes: ['shop_data'] });
      return driver.notices.filter(({ level }) => level === 'error').map(({ kind, data }) => ({ kind, data }));
    };
    expect(said('hash-db')).toEqual([{ kind: 'removed', data: { reason: 'volume-lost', volume: 'shop_data' } }]);
    expect(said('another')).toEqual([]);
    expect(said(null)).toEqual([]);
  });
});
