import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineInfo } from '../../daemon/api/engine-info.js';
import { type Shrunk, shrink } from '../../daemon/engine/containers/shrink.js';
import { podmanObstacle } from '../../daemon/engine/podman/podman-update.js';
import { createUsage } from '../../daemon/host/usage.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { FailureError } from '../../daemon/shared/failure.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, openBench, watchEvents } from './support/bench-engine.js';
import { ENGINE, openEngine } from './support/open-engine.js';

let bench: Bench;
let events: Awaited<ReturnType<typeof watchEvents>>;
let info: EngineInfo;
const usage = createUsage();
beforeAll(async () => {
  bench = await openBench();
  events = await watchEvents(bench.containers);
  info = await bench.containers.info();
});
afterAll(async () => {
  events.stop();
  await bench.clear();
});

const sampled = async (id: string) => usage.sample(id, (await bench.containers.inspect(id))?.pid ?? Number.NaN);
/** Runs `script`, and waits until it is through with it. */
async function run(name: string, script: string, grant: number): Promise<string> {
  const command = ['sh', '-c', `${script}; touch /tmp/ready; sleep 1000`];
  const id = await bench.run(bench.service(name, { command, shmSize: 64 * MiB }), { grant });
  const ready = ['sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.02; done'];
  expect(await bench.containers.probe(id, ready, patience(60_000))).toBe(0);
  return id;
}

describe('resize', () => {
  test('up and down while it runs: in force in the kernel, the other limits stand', async () => {
    const id = await bench.run(bench.service('grown', { cpus: 0.5, cpuShares: 512, pidsLimit: 50, cpuset: '0' }));
    const before = (await openEngine(ENGINE).getContainer(id).inspect()).HostConfig;
    for (const limit of [96 * MiB, 48 * MiB]) {
      await bench.containers.resize(id, limit);
      expect((await sampled(id))?.limit).toBe(limit);
      expect(await bench.containers.inspect(id)).toMatchObject({ limit, status: 'running' });
      expect((await bench.containers.list()).find(each => each.id === id)?.limit).toBe(limit);
    }
    const { MemoryReservation, CpuShares, NanoCpus, PidsLimit, CpusetCpus, RestartPolicy } = before;
    const { HostConfig } = await openEngine(ENGINE).getContainer(id).inspect();
    expect(HostConfig).toMatchObject({ MemoryReservation, CpuShares, NanoCpus, PidsLimit, CpusetCpus, RestartPolicy });
    // What the processes see is the kernel's word for it.
    const seen = 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null';
    expect(await bench.containers.probe(id, ['sh', '-c', `test "$(${seen})" = 50`], patience(10_000))).toBe(0);
  });

  test('while it is paused', async () => {
    const id = await bench.run(bench.service('paused'));
    await bench.containers.pause(id);
    await bench.containers.pause(id);
    await bench.containers.resize(id, 80 * MiB);
    expect(await bench.containers.inspect(id)).toMatchObject({ limit: 80 * MiB, status: 'paused' });
    expect(await sampled(id)).toMatchObject({ limit: 80 * MiB });
    expect((await bench.containers.stats(id))?.workingSet).toBeGreaterThan(0);
    await bench.containers.unpause(id);
    await bench.containers.unpause(id);
    expect(await bench.containers.inspect(id)).toMatchObject({ limit: 80 * MiB, status: 'running' });
  });

  test('while it is stopped, for the next start; where the engine cannot, the failure says so', async () => {
    const id = await bench.run(bench.service('stopped'));
    await bench.containers.stop(id, 1000);
    await bench.containers.unpause(id);
    const resized = bench.containers.resize(id, 80 * MiB).catch((error: unknown) => error);
    const cannot = info.kind === 'podman' && podmanObstacle(info.version, false, false) !== null;
    if (cannot) expect(await resized).toMatchObject({ failure: { code: 'limit-not-applied', details: { applied: 64 * MiB } } });
    else expect(await resized).toBeUndefined();
    await bench.containers.start(id);
    expect((await sampled(id))?.limit).toBe(cannot ? 64 * MiB : 80 * MiB);
  });

  test('what cannot be paused or resized', async () => {
    const id = await bench.containers.create(bench.service('never'), bench.launch());
    await expect(bench.containers.pause(id)).rejects.toBeInstanceOf(FailureError);
    await bench.containers.remove(id, { anonymousVolumes: true });
    for (const call of [() => bench.containers.resize(id, 80 * MiB), () => bench.containers.pause(id), () => bench.containers.unpause(id)])
      await expect(call()).rejects.toMatchObject({ failure: { code: 'not-found' } });
  });
});

describe('shrink', () => {
  const lower = async (id: string, target: number, floor: number): Promise<Shrunk> => {
    const { pid, limit } = (await bench.containers.inspect(id)) ?? {};
    const resize = (to: number) => bench.containers.resize(id, to);
    return shrink(resize, () => usage.sample(id, pid ?? Number.NaN)?.workingSet ?? null, info.cgroupVersion, limit ?? 0, target, floor);
  };
  const unharmed = async (id: string): Promise<void> => {
    expect(await sampled(id)).toMatchObject({ oomKills: 0 });
    expect(await bench.containers.inspect(id)).toMatchObject({ status: 'running' });
    expect(events.seen.some(event => event.id === id && event.kind === 'oom')).toBe(false);
  };

  test('down to what its memory allows, and no further: nothing is killed', async () => {
    const id = await run('holder', 'head -c 41943040 /dev/zero > /dev/shm/used', 128 * MiB);
    expect(await lower(id, 64 * MiB, 52 * MiB)).toEqual({ limit: 64 * MiB, reason: null });
    expect((await sampled(id))?.limit).toBe(64 * MiB);
    await unharmed(id);

    const shrunk = await lower(id, 32 * MiB, 0);
    expect(shrunk.reason).not.toBeNull();
    if (info.cgroupVersion === '1') expect(shrunk.limit).toBe(64 * MiB);
    else expect(shrunk.limit).toBeGreaterThanOrEqual(50 * MiB);
    expect(shrunk.limit).toBeLessThanOrEqual(64 * MiB);
    // To the page: the kernel rounds down.
    expect((await sampled(id))?.limit).toBe(Math.floor(shrunk.limit / 4096) * 4096);
    expect(await bench.containers.inspect(id)).toMatchObject({ limit: shrunk.limit });
    await unharmed(id);
    expect(await bench.containers.probe(id, ['sh', '-c', 'test $(wc -c < /dev/shm/used) = 41943040'], patience(10_000))).toBe(0);
  });

  test('page cache makes way, also what has just been written', async () => {
    const id = await run('cache', 'head -c 83886080 /dev/zero > /tmp/file; cat /tmp/file > /dev/null', 128 * MiB);
    expect(await lower(id, 32 * MiB, 16 * MiB)).toEqual({ limit: 32 * MiB, reason: null });
    await unharmed(id);
  });

  test('a resize below what is in use: refused with the figures where the kernel refuses (v1)', async () => {
    const id = await run('tight', 'head -c 41943040 /dev/zero > /dev/shm/used', 96 * MiB);
    // v2 would kill; there the steps of shrink() are the only way down.
    const limit = info.cgroupVersion === '1' ? 33 * MiB : MiB;
    await expect(bench.containers.resize(id, limit)).rejects.toMatchObject({
      failure: { code: 'limit-not-applied', details: { wanted: limit, applied: 96 * MiB } },
    });
    expect((await sampled(id))?.limit).toBe(96 * MiB);
    await unharmed(id);
  });
});
