import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHostMemory } from '../../daemon/host/host-memory.js';
import { createUsage } from '../../daemon/host/usage.js';
import type { ContainerSample } from '../../daemon/model/container-sample.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { patience, until } from '../e2e/support/until.js';
import { type Bench, openBench } from './support/bench-engine.js';
import { ENGINE, openEngine } from './support/open-engine.js';

/** dd fills its buffer and waits for a reader that does not read: 100 MiB of anonymous memory. Written and not read again, a file is cache that can be dropped. */
const HOLDS = `mkfifo /tmp/held
sleep 1000 < /tmp/held &
dd if=/dev/zero of=/tmp/held bs=100M count=1 &
head -c 209715200 /dev/zero > /tmp/file; sync
touch /tmp/ready; wait`;
/** Reads a file again and again that its limit has no room for. */
const THRASHES = 'head -c 50331648 /dev/zero > /tmp/file; while true; do cat /tmp/file > /dev/null; done';

const usage = createUsage();
let bench: Bench;
let isV2: boolean;
beforeAll(async () => {
  bench = await openBench();
  isV2 = (await bench.containers.info()).cgroupVersion === '2';
});
afterAll(() => bench.clear());

async function sampler(id: string): Promise<() => ContainerSample> {
  const pid = (await bench.containers.inspect(id))?.pid ?? Number.NaN;
  return () => {
    const sample = usage.sample(id, pid, true);
    if (sample === null) throw new Error('its files cannot be read');
    return sample;
  };
}

/** What the engine says of it in one answer; the working set as `docker stats` computes it, null where the engine names no cache (Podman). */
async function engineSays(id: string) {
  const stats = await openEngine(ENGINE).getContainer(id).stats({ stream: false });
  const parts: Record<string, number | undefined> = { ...stats.memory_stats.stats };
  const cache = parts['total_inactive_file'] ?? parts['inactive_file'];
  return { usage: stats.memory_stats.usage, workingSet: cache === undefined ? null : stats.memory_stats.usage - cache };
}

test('100 MiB of anonymous memory and 200 MiB of page cache: within 5 % of the engine’s figures, and the cache is not counted as used', async () => {
  const id = await bench.run(bench.service('holds', { command: ['sh', '-c', HOLDS] }), { grant: 512 * MiB });
  expect(await bench.containers.probe(id, ['sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.02; done'], patience(60_000))).toBe(0);
  const sample = await sampler(id);
  await until('dd has filled its buffer', () => sample().workingSet > 100 * MiB);
  const before = sample();
  const theirs = await engineSays(id);
  const detail = (await bench.containers.stats(id))?.detail;
  const after = sample();

  const near = (figure: number, expected: number) => expect(Math.abs(figure - expected)).toBeLessThan(0.05 * expected);
  if (theirs.workingSet !== null) near(after.workingSet, theirs.workingSet);
  expect(after.workingSet).toBeGreaterThan(100 * MiB);
  expect(after.workingSet).toBeLessThan(115 * MiB);
  expect(after.usage - after.workingSet).toBeGreaterThan(195 * MiB);
  if (theirs.workingSet !== null) near(after.usage, theirs.usage);
  expect(after.limit).toBe(512 * MiB);
  // sh, sleep, dd and the init of the engine's.
  expect(after.detail?.pids).toBe(4);
  if (detail?.pids != null) expect(detail.pids).toBe(4);
  for (const counter of ['netIn', 'netOut', 'blockIn', 'blockOut'] as const) {
    const [least, most, engines] = [before.detail?.[counter] ?? null, after.detail?.[counter] ?? null, detail?.[counter] ?? null];
    expect(most, counter).not.toBeNull();
    // An engine leaves out what it has not seen yet.
    if (engines === null || engines === 0) continue;
    expect(engines, counter).toBeGreaterThanOrEqual(least ?? 0);
    expect(engines, counter).toBeLessThanOrEqual(most ?? 0);
  }
  usage.forget(id);
});

test('traffic over its network is counted, that over lo is not', async () => {
  const id = await bench.run(bench.service('talks', { command: ['httpd', '-f', '-p', '8080', '-h', '/etc'] }));
  const sample = await sampler(id);
  const fetch = (address: string) =>
    bench.containers.probe(id, ['wget', '-q', '-O', '/dev/null', `http://${address}:8080/passwd`], patience(20_000));
  await until('it listens', async () => (await fetch('127.0.0.1')) === 0);
  const quiet = sample().detail?.netOut ?? Number.NaN;
  for (let i = 0; i < 20; i++) expect(await fetch('127.0.0.1')).toBe(0);
  // A few bytes for the neighbours of a network that has just come up.
  expect((sample().detail?.netOut ?? Number.NaN) - quiet).toBeLessThan(2_000);
  const { NetworkSettings } = await openEngine(ENGINE).getContainer(id).inspect();
  const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
  const peer = await bench.run(bench.service('asks', { command: ['sleep', '1000'] }));
  const before = sample().detail;
  const get = ['wget', '-q', '-O', '/dev/null', `http://${address}:8080/passwd`];
  expect(await bench.containers.probe(peer, get, patience(20_000))).toBe(0);
  const after = sample().detail;
  expect((after?.netIn ?? 0) - (before?.netIn ?? 0)).toBeGreaterThan(200);
  expect((after?.netOut ?? 0) - (before?.netOut ?? 0)).toBeGreaterThan(200);
  usage.forget(id);
});

test('with the host’s network, its traffic is not the container’s', async () => {
  const container = { command: ['sleep', '1000'], networkMode: 'host' };
  const id = await bench.run(bench.service('bare', container), { networks: [] });
  expect((await sampler(id))().detail).toMatchObject({ netIn: null, netOut: null, pids: expect.any(Number) });
  // Docker leaves it out, Podman says 0.
  expect((await bench.containers.stats(id))?.detail?.netIn ?? 0).toBe(0);
  usage.forget(id);
});

test('pressure of the container and of the host, where the kernel tells', async () => {
  const id = await bench.run(bench.service('thrashes', { command: ['sh', '-c', THRASHES] }), { grant: 16 * MiB });
  const sample = await sampler(id);
  const host = createHostMemory().sample().psi;
  if (isV2) {
    await until('it is under pressure', () => (sample().detail?.psi?.some10 ?? 0) > 0, 60_000);
    expect(host).toEqual({ some10: expect.any(Number), full10: expect.any(Number) });
  } else {
    // Without v2 beside it the kernel has no pressure of a container; the host's depends on how it was booted.
    const { psi } = sample().detail ?? { psi: null };
    if (psi !== null) expect(psi.some10).toBeGreaterThanOrEqual(psi.full10);
    if (host !== null) expect(host.some10).toBeGreaterThanOrEqual(host.full10);
  }
  await bench.containers.stop(id, 0);
  usage.forget(id);
});
