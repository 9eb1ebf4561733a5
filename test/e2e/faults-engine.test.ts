import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VersionView } from '../../daemon/api/contract.js';
import type { ServiceView } from '../../daemon/api/views.js';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { PrivateEngine } from './support/private-engine.js';
import { complaint, type Sleeper, sleepers } from './support/sleepers.js';
import { idsOf, noticesIn, statesIn, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

/** Of a service that is up: it is not to end by itself. */
const PLAIN = { memory: '{ standard: 32MB, maximum: 32MB }', idle: '1h', more: 'restart: always' };

/** A laptop-dev at an engine of its own, with two services of which `web` is awake. */
interface Place {
  readonly engine: PrivateEngine;
  readonly own: Home;
  readonly cwd: string;
  readonly web: Sleeper;
  readonly other: Sleeper;
}

async function begin(...options: string[]): Promise<Place> {
  const engine = await PrivateEngine.open(...options);
  let own: Home | undefined;
  try {
    own = await tinyHome({ LAPTOP_DEV_ENGINE: engine.endpoint, LAPTOP_DEV_RELIST: '1s' }, engine.endpoint);
    const { folder, services } = await sleepers(own, 'engine', { web: PLAIN, other: PLAIN });
    const [web, other] = services as [Sleeper, Sleeper];
    expect(await complaint(web)).toBeNull();
    return { engine, own, cwd: folder, web, other };
  } catch (error) {
    await own?.close();
    await engine.close();
    throw error;
  }
}

async function end(place: Place | undefined): Promise<void> {
  // A test that failed may have left it stopped.
  place?.engine.signal('SIGCONT');
  try {
    await place?.own.close();
  } finally {
    await place?.engine.close();
  }
  expect(existsSync('/sys/class/net/docker0')).toBe(hadBridge);
}
const hadBridge = existsSync('/sys/class/net/docker0');

const hasEngine = async ({ own }: Place) => (await own.api<VersionView>('/v1/version')).engine !== null;
const lost = (place: Place) => until('the daemon knows that it is away', async () => !(await hasEngine(place)), 60_000);
const crashed = async ({ own, cwd }: Place) =>
  (await noticesIn(own, basename(cwd))).filter(({ kind }) => kind === 'crashed' || kind === 'failed');

// Beside each other, each engine with a daemon of its own: most of the time they wait.
describe.concurrent('an engine that takes its containers with it', () => {
  let place: Place;
  beforeAll(async () => {
    place = await begin();
  });
  afterAll(() => end(place));

  it.sequential.each([
    ['is restarted', 'SIGTERM'],
    ['is killed', 'SIGKILL'],
  ] as const)('%s: what was wanted is back, what slept sleeps, and nothing has crashed', async (_how, signal) => {
    const { engine, own, cwd, web } = place;
    await engine.end(signal);
    await lost(place);
    expect(await own.api<ServiceView[]>('/v1/services')).toHaveLength(2);
    const waits = complaint(web);
    await engine.start();
    expect(await waits).toBeNull();
    // An engine that was killed stops what it finds running when it is back, and may answer before.
    await until('it runs', async () => `${await statesIn(own, cwd)}` === 'other asleep,web running' && (await complaint(web)) === null);
    expect(await viewIn(own, cwd, 'web')).toMatchObject({ crashes: 0 });
    expect(await crashed(place)).toEqual([]);
    expect(await own.containers()).toHaveLength(1);
  });

  it.sequential('goes with the daemon and every process, as a machine of WSL does: what is eager is back, what is on demand wakes again', async () => {
    const { engine, own, cwd, web } = place;
    const { folder, services } = await sleepers(own, 'eager', { eager: { ...PLAIN, start: 'eager' } });
    const [eager] = services as [Sleeper];
    await until('it runs', async () => `${await statesIn(own, folder)}` === 'eager running');
    expect(await complaint(web)).toBeNull();
    process.kill(await own.daemonPid(), 'SIGKILL');
    await engine.vanish();
    await engine.startAll();
    await own.ask(['daemon', 'start']);
    await until('what is eager runs', async () => `${await statesIn(own, folder)}` === 'eager running');
    expect(await statesIn(own, cwd)).toEqual(['other asleep', 'web asleep']);
    for (const service of [eager, web]) expect(await complaint(service)).toBeNull();
    expect(await crashed(place)).toEqual([]);
    expect(await own.containers()).toHaveLength(2);
    await own.ask(['down'], { cwd: folder });
  });

  it.sequential('is hung: what is awake answers on, the daemon says that it is away, and goes on with all of it', async () => {
    const { engine, own, cwd, web, other } = place;
    const { container } = await viewIn(own, cwd, 'web');
    engine.signal('SIGSTOP');
    const before = performance.now();
    expect(await complaint(web)).toBeNull();
    await own.api<ServiceView[]>('/v1/services?usage=true');
    console.log(`a service and the API beside an engine that is stopped: ${Math.round(performance.now() - before)} ms`);
    await lost(place);
    engine.signal('SIGCONT');
    await until('it is back', () => hasEngine(place));
    expect(await viewIn(own, cwd, 'web')).toMatchObject({ state: 'running', container, crashes: 0 });
    expect(await complaint(other)).toBeNull();
  });
});

describe.concurrent('an engine with live-restore', () => {
  let place: Place;
  beforeAll(async () => {
    place = await begin('--live-restore');
  });
  afterAll(() => end(place));

  it.sequential('is killed: connections go on meanwhile; of its containers one lives on, and one that died unseen starts again', async () => {
    const { engine, own, cwd, web, other } = place;
    expect(await complaint(other)).toBeNull();
    const ids = await idsOf(own, `${own.name}-engine`);
    const { State } = await inspect(ids['other'] ?? '', engine.endpoint);
    await engine.end('SIGKILL');
    await lost(place);
    process.kill(State.Pid, 'SIGKILL');
    expect(await complaint(web)).toBeNull();
    await engine.start();
    await until('both run', async () => `${await statesIn(own, cwd)}` === 'other running,web running');
    expect(await idsOf(own, `${own.name}-engine`)).toEqual(ids);
    expect(await complaint(other)).toBeNull();
    expect((await inspect(ids['other'] ?? '', engine.endpoint)).State.Pid).not.toBe(State.Pid);
    expect(await crashed(place)).toEqual([]);
  });
});

describe.concurrent('an engine whose disk is full', () => {
  let place: Place;
  const disk = mkdtempSync(join(tmpdir(), 'ldt-disk-'));
  beforeAll(async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'ldt-disk', disk]);
    place = await begin(`--data-root=${disk}`);
  });
  afterAll(async () => {
    await end(place);
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  it.sequential('its words are passed on, nothing is left of the attempt, what runs goes on; with room again the same command works', async () => {
    const { own, web } = place;
    const made = await sleepers(own, 'full', { late: PLAIN });
    const [late] = made.services as [Sleeper];
    fill(join(disk, 'filler'));
    const { code, stderr } = await own.cli(['start', 'late', '--wait'], { cwd: made.folder });
    expect(stderr).toContain('no space left on device');
    expect(code).toBe(4);
    expect(await own.containers()).toHaveLength(1);
    expect(await complaint(web)).toBeNull();
    rmSync(join(disk, 'filler'));
    await own.ask(['start', 'late'], { cwd: made.folder });
    expect(await complaint(late)).toBeNull();
  });
});

function fill(file: string): void {
  const block = Buffer.alloc(64 * 1024);
  try {
    for (;;) appendFileSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
