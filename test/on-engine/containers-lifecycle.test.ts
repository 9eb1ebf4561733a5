import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, eventDelay, openBench, watchEvents } from './support/bench-engine.js';
import { ENGINE, openEngine } from './support/open-engine.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.clear());

describe('create and inspect', () => {
  test('limits stand in the engine as asked, and the container is listed with what its labels say', async () => {
    const spec = bench.service('limits', { cpus: 0.5, cpuShares: 512, pidsLimit: 50, cpuset: '0' });
    const id = await bench.run(spec);
    const { HostConfig } = await openEngine(ENGINE).getContainer(id).inspect();
    expect(HostConfig).toMatchObject({
      Memory: 64 * MiB,
      MemorySwap: 64 * MiB,
      MemoryReservation: 32 * MiB,
      CpuShares: 512,
      PidsLimit: 50,
      CpusetCpus: '0',
    });
    const listed = (await bench.containers.list()).find(each => each.id === id);
    expect(listed).toMatchObject({
      name: `${bench.project}-limits-1`,
      project: bench.project,
      service: 'limits',
      profile: 'test',
      status: 'running',
      health: 'none',
      limit: 64 * MiB,
      memory: { standard: 32 * MiB, maximum: 64 * MiB },
      priority: 50,
      start: 'eager',
    });
    expect(listed?.pid).toBeGreaterThan(0);
  });

  test('a start of what runs, and a stop and removal of what is gone, are no errors', async () => {
    const id = await bench.run(bench.service('twice'));
    await bench.containers.start(id);
    await bench.containers.stop(id, 1000);
    await bench.containers.stop(id, 1000);
    expect(await bench.containers.inspect(id)).toMatchObject({ status: 'exited', pid: null });
    await bench.containers.remove(id, { anonymousVolumes: true });
    await bench.containers.remove(id, { anonymousVolumes: true });
    await bench.containers.stop(id, 1000);
    expect(await bench.containers.inspect(id)).toBeNull();
  });

  test('a process that ignores TERM is killed at the timeout and no later', async () => {
    const id = await bench.run(
      bench.service('stubborn', { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], init: false }),
    );
    const before = performance.now();
    await bench.containers.stop(id, 2000);
    const took = performance.now() - before;
    expect(took).toBeGreaterThan(1900);
    expect(took).toBeLessThan(2000 + patience(2000));
    expect(await bench.containers.inspect(id)).toMatchObject({ status: 'exited', exitCode: 137 });
  });
});

describe('events', () => {
  test('start and death arrive within 100 ms, with the exit code', async () => {
    const events = await watchEvents(bench.containers);
    const id = await bench.containers.create(bench.service('brief', { command: ['sh', '-c', 'exit 7'], init: false }), bench.launch());
    await bench.containers.start(id);
    const started = await events.until(event => event.kind === 'started' && event.id === id);
    const died = await events.until(event => event.kind === 'died' && event.id === id);
    expect(died.arrived - died.at).toBeLessThan(await eventDelay(bench.containers));
    expect(died).toMatchObject({ exitCode: 7 });
    expect(started.at).toBeLessThanOrEqual(died.at);
    events.stop();
  });
});

test('what happened before is replayed from a moment on', async () => {
  const before = Date.now();
  const id = await bench.run(bench.service('replayed'));
  const controller = new AbortController();
  for await (const event of bench.containers.events(controller.signal, before)) {
    expect(event.at).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
    if (event.kind === 'started' && event.id === id) controller.abort();
  }
  expect(controller.signal.aborted).toBe(true);
});

test('health: starting, healthy, unhealthy, each with its event', async () => {
  const events = await watchEvents(bench.containers);
  const second = 1000;
  const healthcheck = {
    test: ['CMD-SHELL', 'test -e /tmp/ok'],
    interval: second,
    timeout: patience(second),
    startPeriod: null,
    startInterval: null,
    retries: 1,
  };
  // Good from its start: whatever check comes first, the healthy one is before the unhealthy one.
  const id = await bench.run(bench.service('sound', { healthcheck, command: ['sh', '-c', 'touch /tmp/ok; exec sleep 1000'] }));
  const health = (wanted: string) => events.until(event => event.kind === 'health' && event.id === id && event.health === wanted);
  await health('healthy');
  expect(await bench.containers.inspect(id)).toMatchObject({ health: 'healthy' });
  expect(await bench.containers.probe(id, ['rm', '/tmp/ok'], patience(5000))).toBe(0);
  await health('unhealthy');
  expect(await bench.containers.inspect(id)).toMatchObject({ health: 'unhealthy' });
  events.stop();
});
