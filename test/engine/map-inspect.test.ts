import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { type Inspected, mapInspect } from '../../daemon/engine/mapping/map-inspect.js';
import { MiB } from '../../daemon/shared/bytes.js';

const recorded = (name: string): Inspected => JSON.parse(readFileSync(new URL(`fixtures/inspect-${name}.json`, import.meta.url), 'utf8'));

describe.each(['docker-20.10', 'podman-4.3'])('%s', engine => {
  test('a running container', () => {
    const raw = recorded(`${engine}-running`);
    const mapped = mapInspect(raw);
    expect(mapped).toMatchObject({
      id: raw.Id,
      name: 'ldt-cont-rec-1',
      project: 'shop',
      service: 'db',
      profile: 'minimal',
      configHash: 'abc123',
      status: 'running',
      exitCode: null,
      oomKilled: false,
      limit: 64 * MiB,
      memory: { standard: 32 * MiB, maximum: 128 * MiB },
      priority: 60,
      start: 'on-demand',
      dependsOn: ['cache', 'queue'],
    });
    expect(['starting', 'healthy']).toContain(mapped.health);
    expect(mapped.pid).toBeGreaterThan(1);
    expect(mapped.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect([...mapped.ports].sort((a, b) => a.host - b.host)).toEqual([
      { hostIp: '127.0.0.1', host: 53539, container: 53, protocol: 'udp' },
      { hostIp: '127.0.0.1', host: 54329, container: 5432, protocol: 'tcp' },
    ]);
    expect(Object.keys(mapped.anonymousVolumes)).toEqual(['/data']);
    expect(mapped.startedAt).toBe(Date.parse(raw.State?.StartedAt ?? ''));
  });

  test('the same after its end', () => {
    const mapped = mapInspect(recorded(`${engine}-exited`));
    expect(mapped).toMatchObject({ status: 'exited', exitCode: 137, pid: null, ip: null, ports: [] });
    expect(Object.keys(mapped.anonymousVolumes)).toEqual(['/data']);
  });
});

describe('what engines leave out or name otherwise', () => {
  const status = (text: string) => mapInspect({ Id: 'x', State: { Status: text } }).status;
  test.each([
    ['configured', 'created'],
    ['initialized', 'created'],
    ['stopped', 'exited'],
    ['stopping', 'running'],
    ['paused', 'paused'],
    ['dead', 'dead'],
  ])('Podman’s state %s', (theirs, ours) => {
    expect(status(theirs)).toBe(ours);
  });

  test('an almost empty answer maps to harmless values', () => {
    expect(mapInspect({ Id: 'x' })).toMatchObject({ status: 'created', health: 'none', pid: null, limit: 0, startedAt: null, ports: [] });
  });

  test('labels that were tampered with do not become figures', () => {
    const Labels = { 'laptop-dev.standard': 'lots', 'laptop-dev.maximum': '-5', 'laptop-dev.start': 'always' };
    expect(mapInspect({ Id: 'x', Config: { Labels } })).toMatchObject({ memory: { standard: 0, maximum: 0 }, start: 'eager' });
  });

  test.each([true, false])('OOMKilled %s is kept, whatever the exit code', OOMKilled => {
    for (const ExitCode of [0, 137])
      expect(mapInspect({ Id: 'x', State: { Status: 'exited', OOMKilled, ExitCode } })).toMatchObject({
        oomKilled: OOMKilled,
        exitCode: ExitCode,
      });
  });

  test('Go’s zero time is never', () => {
    expect(mapInspect({ Id: 'x', State: { StartedAt: '0001-01-01T00:00:00Z' } }).startedAt).toBeNull();
  });
});

describe('the health check', () => {
  const check = (Healthcheck: object, Shell?: string[]) =>
    mapInspect({ Id: 'x', Config: { Healthcheck, ...(Shell ? { Shell } : {}) } }).check;

  it("is what the engine has laid together, its times in ms, its text for the image's shell", () => {
    expect(check({ Test: ['CMD', 'pg_isready', '-q'], Interval: 30e9, Timeout: 5e9, Retries: 4 })).toEqual({
      command: ['pg_isready', '-q'],
      interval: 30_000,
      timeout: 5_000,
      startPeriod: null,
      retries: 4,
    });
    expect(check({ Test: ['CMD-SHELL', 'test -e /ready'] })?.command).toEqual(['/bin/sh', '-c', 'test -e /ready']);
    expect(check({ Test: ['CMD-SHELL', '[[ -e /ready ]]'] }, ['/bin/bash', '-o', 'pipefail', '-c'])?.command).toEqual([
      '/bin/bash',
      '-o',
      'pipefail',
      '-c',
      '[[ -e /ready ]]',
    ]);
  });

  it.each([[{ Test: ['NONE'] }], [{ Interval: 5e9, Retries: 10 }], [{ Test: [] }], [{ Test: ['CMD'] }]])('is none: %j', Healthcheck => {
    expect(check(Healthcheck)).toBeNull();
  });
});

it('TCP ports that image and file expose, in order', () => {
  const ExposedPorts = { '8025/tcp': {}, '53/udp': {}, '1025/tcp': {}, '80': {}, '0/tcp': {}, '70000/tcp': {}, 'x/tcp': {} };
  expect(mapInspect({ Id: 'x', Config: { ExposedPorts } }).exposed).toEqual([80, 1025, 8025]);
});
