import { afterAll, beforeAll, expect, test } from 'vitest';
import { createUsage } from '../../daemon/host/usage.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, openBench } from './support/bench-engine.js';
import { ENGINE, openEngine } from './support/open-engine.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.clear());

test('the working set is within 5 % of the engine’s own figure, page cache left out', async () => {
  // 40 MB in a tmpfs count as used, 80 MB read from a file on disk are cache.
  const script =
    'head -c 41943040 /dev/zero > /dev/shm/used; head -c 83886080 /dev/zero > /tmp/file; cat /tmp/file > /dev/null; touch /tmp/ready; sleep 1000';
  const id = await bench.run(bench.service('used', { command: ['sh', '-c', script], shmSize: 64 * MiB }), { grant: 256 * MiB });
  expect(await bench.containers.probe(id, ['sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.02; done'], patience(20_000))).toBe(0);
  const usage = createUsage();
  const pid = (await bench.containers.inspect(id))?.pid ?? null;
  const measured = await usage.workingSet(id, pid);
  const { memory_stats: stats } = await openEngine(ENGINE).getContainer(id).stats({ stream: false });
  const figures: Record<string, number | undefined> = { ...stats.stats };
  // What docker stats shows; Podman reports no cache and its own figure is compared with the raw usage less our cache.
  const cache = figures['total_inactive_file'] ?? figures['inactive_file'];
  expect(measured).toBeGreaterThan(40 * MiB);
  if (cache !== undefined) expect(Math.abs((measured ?? 0) - (stats.usage - cache))).toBeLessThan(0.05 * (measured ?? 0));
  expect(measured).toBeLessThan(70 * MiB);
  await bench.containers.stop(id, 1000);
  expect(await usage.workingSet(id, pid)).toBeNull();
});

test('a sample from open files is within 5 % of the engine’s, counts OOM kills, and is null after the end', async () => {
  const used = 'head -c 41943040 /dev/zero > /dev/shm/used; touch /tmp/ready; sleep 1000';
  const id = await bench.run(bench.service('sampled', { command: ['sh', '-c', used], shmSize: 64 * MiB }), { grant: 64 * MiB });
  expect(await bench.containers.probe(id, ['sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.02; done'], patience(20_000))).toBe(0);
  const pid = (await bench.containers.inspect(id))?.pid ?? Number.NaN;
  const usage = createUsage();
  const [ours, theirs] = [usage.sample(id, pid), await bench.containers.stats(id)];
  expect(ours).toMatchObject({ limit: 64 * MiB, oomKills: 0 });
  expect(theirs).toMatchObject({ limit: 64 * MiB });
  expect(Math.abs((ours?.workingSet ?? 0) - (theirs?.workingSet ?? 0))).toBeLessThan(0.05 * (theirs?.workingSet ?? 0));
  expect(Math.abs((ours?.cpu ?? 0) - (theirs?.cpu ?? 0))).toBeLessThan(0.05 * (theirs?.cpu ?? 0));
  // dd cannot have a buffer of 48 MiB beside 40 MiB in use.
  expect(await bench.containers.probe(id, ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=48M', 'count=1'], patience(20_000))).not.toBe(0);
  expect(usage.sample(id, pid)?.oomKills).toBeGreaterThan(0);
  await bench.containers.stop(id, 1000);
  expect(usage.sample(id, pid)).toBeNull();
  expect(await bench.containers.stats(id)).toBeNull();
});
