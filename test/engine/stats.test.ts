import { describe, expect, onTestFinished, test } from 'vitest';
import { isCrossed, mapStats } from '../../daemon/engine/containers/stats.js';
import { createContainers } from '../../daemon/engine/containers.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { type Answer, fakeEngine, json } from './support/fake-engine.js';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function engine(answers: Record<string, Answer>) {
  const fake = await fakeEngine(answers);
  const containers = createContainers({ endpoint: fake.endpoint, instance: 'me', log });
  onTestFinished(async () => {
    containers.close();
    await fake.close();
  });
  return { containers };
}

describe('stats', () => {
  const cpu_stats = { cpu_usage: { total_usage: 139145447 } };
  const memory = (stats: object | undefined, limit = 64 * MiB) => ({
    cpu_stats,
    memory_stats: { usage: 5000, limit, ...(stats ? { stats } : {}) },
  });

  const none = { pids: null, netIn: null, netOut: null, blockIn: null, blockOut: null, psi: null };
  test.each([
    ['cgroup v1', memory({ total_inactive_file: 2000, inactive_file: 1 }), { workingSet: 3000, limit: 64 * MiB }],
    ['cgroup v2', memory({ inactive_file: 2000 }), { workingSet: 3000, limit: 64 * MiB }],
    ['Podman', memory(undefined), { workingSet: 5000, limit: 64 * MiB }],
    ['more cache than usage', memory({ inactive_file: 9000 }), { workingSet: 0, limit: 64 * MiB }],
    ['the machine as limit', memory(undefined, 512 * MiB), { workingSet: 5000, limit: null }],
  ])('%s', (_name, stats, expected) => {
    const rest = { usage: 5000, cpu: 139145447, oomKills: null, detail: none, takenAt: null };
    expect(mapStats(stats, 512 * MiB)).toEqual({ ...rest, ...expected });
  });

  test.each([
    ['cgroup v1', 'Read', 'Write'],
    ['cgroup v2', 'read', 'write'],
  ])('the detail of %s: processes, all interfaces but lo, all devices', (_name, read, write) => {
    const stats = {
      ...memory(undefined),
      read: '2026-03-10T12:00:00.123456789Z',
      pids_stats: { current: 7 },
      networks: { eth0: { rx_bytes: 10, tx_bytes: 1 }, eth1: { rx_bytes: 20, tx_bytes: 2 }, lo: { rx_bytes: 99, tx_bytes: 99 } },
      blkio_stats: {
        io_service_bytes_recursive: [
          { op: read, value: 4 },
          { op: write, value: 8 },
          { op: 'Total', value: 12 },
          { op: read, value: 1 },
        ],
      },
    };
    expect(mapStats(stats, 512 * MiB)).toMatchObject({
      detail: { pids: 7, netIn: 30, netOut: 3, blockIn: 5, blockOut: 8, psi: null },
      takenAt: Date.UTC(2026, 2, 10, 12, 0, 0, 123),
    });
  });

  test.each([
    ['podman', '3.4.4', true],
    ['podman', '4.3.1', true],
    ['podman', '4.4.0', false],
    ['podman', '5.0.3', false],
    ['docker', '4.3.1', false],
  ] as const)('%s %s has in and out in each other’s place: %s', (kind, version, expected) => {
    expect(isCrossed({ kind, version })).toBe(expected);
  });

  test('one that never did any input or output, with the host’s network, and without a time', () => {
    const stats = { ...memory(undefined), read: '0001-01-01T00:00:00Z', networks: null, blkio_stats: { io_service_bytes_recursive: null } };
    expect(mapStats(stats, 512 * MiB)).toMatchObject({ detail: { netIn: null, netOut: null, blockIn: 0, blockOut: 0 }, takenAt: null });
  });

  test('not running, with empty figures (Docker), or gone: null', async () => {
    const { containers } = await engine({ 'GET /containers/c1/stats': json(200, { cpu_stats: { cpu_usage: {} }, memory_stats: {} }) });
    expect(await containers.stats('c1')).toBeNull();
    expect(await containers.stats('c2')).toBeNull();
  });

  test('not running, with no answer at all (Podman): null', async () => {
    const { containers } = await engine({ 'GET /containers/c1/stats': response => response.end() });
    expect(await containers.stats('c1')).toBeNull();
  });
});
