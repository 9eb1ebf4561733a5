import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { kernelLimit } from '../../daemon/engine/containers/kernel-limit.js';
import { createContainers } from '../../daemon/engine/containers.js';
import { podmanObstacle, podmanResourcesOf } from '../../daemon/engine/podman/podman-update.js';
import { sameLimit } from '../../daemon/model/observed.js';
import type { Containers } from '../../daemon/ports/ports.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { FailureError } from '../../daemon/shared/failure.js';
import { type Answer, fakeEngine, json } from './support/fake-engine.js';

const open: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** An engine with one container c1; `answers` on top. `bodies`: what POST calls were sent. */
async function engine(answers: Record<string, Answer>) {
  const bodies: unknown[] = [];
  const kept = Object.entries(answers).map(([call, answer]): [string, Answer] => [
    call,
    (response, request) => {
      let text = '';
      request.on('data', chunk => {
        text += String(chunk);
      });
      request.on('end', () => {
        if (text !== '') bodies.push(JSON.parse(text));
        answer(response, request);
      });
    },
  ]);
  const fake = await fakeEngine(Object.fromEntries(kept));
  const containers = createContainers({ endpoint: fake.endpoint, instance: 'me', log });
  open.push(fake.close, () => containers.close());
  return { containers, fake, bodies };
}
const inspected = (limit: number, status = 'running', more: object = {}): Answer =>
  json(200, {
    Id: 'c1',
    Name: '/p-app-1',
    State: { Status: status, Pid: 0 },
    Config: { Labels: { 'laptop-dev.service': 'app' } },
    HostConfig: { Memory: limit, MemorySwap: limit, ...more },
  });
async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    reason => reason,
  );
  if (!(error instanceof FailureError)) throw new Error(`expected a failure, not ${String(error)}`);
  return error.failure;
}

describe('resize', () => {
  const UPDATE = 'POST /containers/c1/update';
  const INSPECT = 'GET /containers/c1/json';

  test('Memory and MemorySwap go together, and are read back', async () => {
    const { containers, bodies, fake } = await engine({ [UPDATE]: json(200, {}), [INSPECT]: inspected(96 * MiB) });
    await containers.resize('c1', 96 * MiB);
    expect(bodies).toEqual([{ Memory: 96 * MiB, MemorySwap: 96 * MiB }]);
    expect(fake.calls).toContain(INSPECT);
  });

  test.each([
    [
      'runc',
      'runc did not terminate successfully: exit status 1: unable to set memory limit to 34603008 (current usage: 42364928, peak usage: 42868736)',
      'p-app-1: 33 MB is below the 40 MB that it uses; its limit stays 64 MB',
      42364928,
    ],
    [
      'an older runc',
      'failed to write "34603008" to "/sys/fs/cgroup/memory/docker/c1/memory.limit_in_bytes": device or resource busy',
      'p-app-1: 33 MB is below what it uses; its limit stays 64 MB',
      null,
    ],
  ])('refused as in use by %s: limit-not-applied with the figures', async (_name, message, text, usage) => {
    const { containers } = await engine({ [UPDATE]: json(500, { message }), [INSPECT]: inspected(64 * MiB) });
    expect(await failureOf(containers.resize('c1', 33 * MiB))).toMatchObject({
      code: 'limit-not-applied',
      message: text,
      details: { service: 'app', wanted: 33 * MiB, applied: 64 * MiB, engine: message, usage },
    });
  });

  test('refused for another reason: its own words', async () => {
    const message = 'Minimum memory limit allowed is 6MB';
    const { containers } = await engine({ [UPDATE]: json(400, { message }), [INSPECT]: inspected(64 * MiB) });
    expect(await failureOf(containers.resize('c1', MiB))).toMatchObject({
      code: 'limit-not-applied',
      message: expect.stringContaining(message),
      details: { wanted: MiB, applied: 64 * MiB },
    });
  });

  test('accepted and not applied: limit-not-applied', async () => {
    const { containers } = await engine({ [UPDATE]: json(200, {}), [INSPECT]: inspected(64 * MiB) });
    expect(await failureOf(containers.resize('c1', 96 * MiB))).toMatchObject({
      code: 'limit-not-applied',
      details: { wanted: 96 * MiB, applied: 64 * MiB },
    });
  });

  test('gone: not-found; no answer: as the call failed', async () => {
    const { containers } = await engine({
      [UPDATE]: json(404, { message: 'No such container: c1' }),
      'POST /containers/c2/update': response => response.socket?.destroy(),
    });
    expect(await failureOf(containers.resize('c1', 96 * MiB))).toMatchObject({ code: 'not-found' });
    expect(await failureOf(containers.resize('c2', 96 * MiB))).toMatchObject({ code: 'engine-unavailable' });
  });
});

describe('resize on Podman', () => {
  const UPDATE = 'POST /v4.3.0/libpod/containers/c1/update';
  const INSPECT = 'GET /containers/c1/json';
  const podman = (version: string) => ({
    'GET /version': json(200, { Version: version, ApiVersion: '1.41', Components: [{ Name: 'Podman Engine' }] }),
  });

  test('its own API, with all limits that the container has', async () => {
    const more = { MemoryReservation: 32 * MiB, CpuShares: 512, CpuQuota: 50_000, CpuPeriod: 100_000, CpusetCpus: '0', PidsLimit: 50 };
    const { containers, bodies } = await engine({
      ...podman('5.2.0'),
      [UPDATE]: json(201, 'c1'),
      [INSPECT]: inspected(96 * MiB, 'exited', more),
    });
    await containers.resize('c1', 96 * MiB);
    expect(bodies).toEqual([
      {
        memory: { limit: 96 * MiB, swap: 96 * MiB, reservation: 32 * MiB },
        cpu: { shares: 512, quota: 50_000, period: 100_000, cpus: '0' },
        pids: { limit: 50 },
      },
    ]);
  });

  test('limits that it does not have are not sent', () => {
    expect(podmanResourcesOf({ CpuQuota: 0, PidsLimit: -1, CpusetCpus: '' }, 1)).toEqual({ memory: { limit: 1, swap: 1 } });
    expect(podmanResourcesOf({ MemoryReservation: 5 }, 3)).toEqual({ memory: { limit: 3, swap: 3, reservation: 3 } });
  });

  test('before 5.1 a stopped container is not even tried', async () => {
    const { containers, fake } = await engine({ ...podman('4.3.1'), [INSPECT]: inspected(64 * MiB, 'exited') });
    const failure = await failureOf(containers.resize('c1', 96 * MiB));
    expect(failure).toMatchObject({ code: 'limit-not-applied', details: { wanted: 96 * MiB, applied: 64 * MiB } });
    expect(failure.message).toMatch(/Podman 4\.3\.1 changes the limits of running containers only/);
    expect(fake.calls).not.toContain(UPDATE);
  });

  test.each([
    ['4.2.1', true, true, /cannot change/],
    ['4.3.1', true, true, null],
    ['4.3.1', false, false, /running containers only/],
    ['5.0.3', true, false, /another machine/],
    ['5.1.0', false, false, null],
    ['10.0.0', true, false, null],
  ])('%s, running %s, figure readable %s: %s', (version, running, visible, expected) => {
    const obstacle = podmanObstacle(version, running, visible);
    expected === null ? expect(obstacle).toBeNull() : expect(obstacle).toMatch(expected);
  });

  test('accepted, but not to be seen: limit-not-applied with what is seen', async () => {
    const { containers } = await engine({ ...podman('5.1.0'), [UPDATE]: json(201, 'c1'), [INSPECT]: inspected(64 * MiB, 'exited') });
    const failure = await failureOf(containers.resize('c1', 96 * MiB));
    expect(failure).toMatchObject({ code: 'limit-not-applied', details: { wanted: 96 * MiB, applied: 64 * MiB } });
  });
});

describe('the limit in the kernel', () => {
  const ID = 'f49d242ad5b6c11c73bb686d0c0f94e95259619166d991a6580301b6bfe3d891';
  function tree(files: Record<string, string>): string {
    const root = mkdtempSync(join(tmpdir(), 'limit-'));
    open.push(() => rmSync(root, { recursive: true, force: true }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  }

  test.each<[string, Record<string, string>, number | null]>([
    [
      'v1',
      {
        'proc/7/cgroup': `4:memory:/libpod_parent/libpod-${ID}\n0::/\n`,
        [`sys/fs/cgroup/memory/libpod_parent/libpod-${ID}/memory.limit_in_bytes`]: '8192\n',
      },
      8192,
    ],
    [
      'v1, none',
      {
        'proc/7/cgroup': `4:memory:/libpod_parent/libpod-${ID}\n`,
        [`sys/fs/cgroup/memory/libpod_parent/libpod-${ID}/memory.limit_in_bytes`]: '9223372036854771712\n',
      },
      null,
    ],
    ['v2', { 'proc/7/cgroup': `0::/a/libpod-${ID}.scope\n`, [`sys/fs/cgroup/a/libpod-${ID}.scope/memory.max`]: '4096\n' }, 4096],
    [
      'v2 with crun’s inner cgroup: the lower',
      {
        'proc/7/cgroup': `0::/a/libpod-${ID}.scope/container\n`,
        [`sys/fs/cgroup/a/libpod-${ID}.scope/memory.max`]: '4096\n',
        [`sys/fs/cgroup/a/libpod-${ID}.scope/container/memory.max`]: '8192\n',
      },
      4096,
    ],
    ['v2, none', { 'proc/7/cgroup': `0::/a/libpod-${ID}.scope\n`, [`sys/fs/cgroup/a/libpod-${ID}.scope/memory.max`]: 'max\n' }, null],
    ['another process by now', { 'proc/7/cgroup': '0::/init.scope\n' }, null],
    ['no such process', {}, null],
  ])('%s', (_name, files, limit) => {
    expect(kernelLimit(ID, 7, tree(files))).toBe(limit);
  });

  test('is the same when it was rounded down to a page', () => {
    expect(sameLimit(8192, 8192)).toBe(true);
    expect(sameLimit(8192, 9000)).toBe(true);
    expect(sameLimit(9000, 8192)).toBe(false);
    expect(sameLimit(64 * MiB, 65 * MiB)).toBe(false);
  });
});

describe('pause and unpause', () => {
  const conflict = json(409, { message: 'Container c1 is already paused' });
  test.each<[string, string, string, string | null, (containers: Containers) => Promise<void>]>([
    ['pause', 'paused', 'it is paused', null, containers => containers.pause('c1')],
    ['pause', 'exited', 'it is not running', 'engine-error', containers => containers.pause('c1')],
    ['unpause', 'running', 'it is not paused', null, containers => containers.unpause('c1')],
    ['unpause', 'exited', 'it is not even running', null, containers => containers.unpause('c1')],
    ['unpause', 'paused', 'the engine cannot', 'engine-error', containers => containers.unpause('c1')],
  ])('%s refused and the container %s: %s', async (verb, status, _why, code, run) => {
    const { containers } = await engine({
      [`POST /containers/c1/${verb}`]: conflict,
      'GET /containers/c1/json': inspected(64 * MiB, status),
    });
    if (code === null) await run(containers);
    else expect(await failureOf(run(containers))).toMatchObject({ code });
  });

  test('done: no error; gone: not-found', async () => {
    const { containers } = await engine({ 'POST /containers/c1/pause': json(204, {}) });
    await containers.pause('c1');
    expect(await failureOf(containers.unpause('c1'))).toMatchObject({ code: 'not-found' });
  });
});
