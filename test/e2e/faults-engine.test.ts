import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VersionView } from '../../daemon/api/contract.js';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { ServiceView } from '../../daemon/api/views.js';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { PrivateEngine } from './support/private-engine.js';
import { complaint, type Sleeper, sleepers } from './support/sleepers.js';
import { idsOf, statesIn, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

/** Of a service that is up: it is not to end by itself. */
const PLAIN = { memory: '{ standard: 32MB, maximum: 32MB }', idle: '1h', more: 'restart: always' };

let own: Home;
let engineOfOurs: PrivateEngine;
let cwd: string;
let web: Sleeper;
let other: Sleeper;

async function begin(...options: string[]): Promise<void> {
  engineOfOurs = await PrivateEngine.open(...options);
  own = await tinyHome({ LAPTOP_DEV_ENGINE: engineOfOurs.endpoint, LAPTOP_DEV_RELIST: '1s' }, engineOfOurs.endpoint);
  const made = await sleepers(own, 'engine', { web: PLAIN, other: PLAIN });
  [web, other] = made.services as [Sleeper, Sleeper];
  cwd = made.folder;
  expect(await complaint(web)).toBeNull();
}

async function end(): Promise<void> {
  // A test that failed may have left it stopped.
  engineOfOurs?.signal('SIGCONT');
  try {
    await own?.close();
  } finally {
    await engineOfOurs?.close();
  }
  expect(existsSync('/sys/class/net/docker0')).toBe(hadBridge);
}
const hadBridge = existsSync('/sys/class/net/docker0');

const hasEngine = async () => (await own.api<VersionView>('/v1/version')).engine !== null;
const lost = () => until('the daemon knows that it is away', async () => !(await hasEngine()), 60_000);
const crashed = async () =>
  (await own.ask<{ notices: LoggedNotice[] }>(['events'], { cwd })).notices.filter(({ kind }) => kind === 'crashed' || kind === 'failed');

describe.sequential('an engine that takes its containers with it', () => {
  beforeAll(() => begin());
  afterAll(end);

  it.each([
    ['is restarted', 'SIGTERM'],
    ['is killed', 'SIGKILL'],
  ] as const)('%s: what was wanted is back, what slept sleeps, and nothing has crashed', async (_how, signal) => {
    await engineOfOurs.end(signal);
    await lost();
    expect(await own.api<ServiceView[]>('/v1/services')).toHaveLength(2);
    const waits = complaint(web);
    await engineOfOurs.start();
    expect(await waits).toBeNull();
    // An engine that was killed stops what it finds running when it is back, and may answer before.
    await until('it runs', async () => `${await statesIn(own, cwd)}` === 'other asleep,web running' && (await complaint(web)) === null);
    expect(await viewIn(own, cwd, 'web')).toMatchObject({ crashes: 0 });
    expect(await crashed()).toEqual([]);
    expect(await own.containers()).toHaveLength(1);
  });

  it('goes with the daemon and every process, as a machine of WSL does: what is eager is back, what is on demand wakes again', async () => {
    const { folder, services } = await sleepers(own, 'eager', { eager: { ...PLAIN, start: 'eager' } });
    const [eager] = services as [Sleeper];
    await until('it runs', async () => `${await statesIn(own, folder)}` === 'eager running');
    expect(await complaint(web)).toBeNull();
    process.kill(await own.daemonPid(), 'SIGKILL');
    await engineOfOurs.vanish();
    await engineOfOurs.startAll();
    await own.ask(['daemon', 'start']);
    await until('what is eager runs', async () => `${await statesIn(own, folder)}` === 'eager running');
    expect(await statesIn(own, cwd)).toEqual(['other asleep', 'web asleep']);
    for (const service of [eager, web]) expect(await complaint(service)).toBeNull();
    expect(await crashed()).toEqual([]);
    expect(await own.containers()).toHaveLength(2);
    await own.ask(['down'], { cwd: folder });
  });

  it('is hung: what is awake answers on, the daemon says that it is away, and goes on with all of it', async () => {
    const { container } = await viewIn(own, cwd, 'web');
    engineOfOurs.signal('SIGSTOP');
    const before = performance.now();
    expect(await complaint(web)).toBeNull();
    await own.api<ServiceView[]>('/v1/services?usage=true');
    console.log(`a service and the API beside an engine that is stopped: ${Math.round(performance.now() - before)} ms`);
    await lost();
    engineOfOurs.signal('SIGCONT');
    await until('it is back', hasEngine);
    expect(await viewIn(own, cwd, 'web')).toMatchObject({ state: 'running', container, crashes: 0 });
    expect(await complaint(other)).toBeNull();
  });
});

describe.sequential('an engine with live-restore', () => {
  beforeAll(() => begin('--live-restore'));
  afterAll(end);

  it('is killed: connections go on meanwhile; of its containers one lives on, and one that died unseen starts again', async () => {
    expect(await complaint(other)).toBeNull();
    const ids = await idsOf(own, `${own.name}-engine`);
    const { State } = await inspect(ids['other'] ?? '', engineOfOurs.endpoint);
    await engineOfOurs.end('SIGKILL');
    await lost();
    process.kill(State.Pid, 'SIGKILL');
    expect(await complaint(web)).toBeNull();
    await engineOfOurs.start();
    await until('both run', async () => `${await statesIn(own, cwd)}` === 'other running,web running');
    expect(await idsOf(own, `${own.name}-engine`)).toEqual(ids);
    expect(await complaint(other)).toBeNull();
    expect((await inspect(ids['other'] ?? '', engineOfOurs.endpoint)).State.Pid).not.toBe(State.Pid);
    expect(await crashed()).toEqual([]);
  });
});

describe.sequential('an engine whose disk is full', () => {
  const disk = mkdtempSync(join(tmpdir(), 'ldt-disk-'));
  beforeAll(async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m', 'ldt-disk', disk]);
    await begin(`--data-root=${disk}`);
  });
  afterAll(async () => {
    await end();
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  it('its words are passed on, nothing is left of the attempt, what runs goes on; with room again the same command works', async () => {
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
