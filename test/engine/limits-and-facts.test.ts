import { describe, expect, test } from 'vitest';
import { agree, apiAtLeast, mapFacts, mapInfo } from '../../daemon/engine/client/facts.js';
import { checkLimits } from '../../daemon/engine/mapping/limits.js';
import { MiB } from '../../daemon/shared/bytes.js';

describe('checkLimits', () => {
  const asked = { Memory: 64 * MiB, MemorySwap: 64 * MiB, MemoryReservation: 32 * MiB, NanoCpus: 5e8, PidsLimit: 50, CpuShares: 512 };

  test('all as asked', () => {
    expect(checkLimits('db', asked, asked)).toEqual({ failure: null, warning: null });
  });

  test.each(Object.keys(asked))('%s left out by the engine is a failure with both figures', name => {
    const applied = { ...asked, [name]: name === 'MemorySwap' ? 2 * asked.MemorySwap : 0 };
    const { failure } = checkLimits('db', asked, applied);
    expect(failure).toMatchObject({ code: 'limit-not-applied', details: { service: 'db', limit: name } });
    expect(failure?.message).toContain(String(applied[name as keyof typeof asked]));
    expect(failure?.message).toContain(String(asked[name as keyof typeof asked]));
  });

  test.each([-1, 0])('a kernel without swap accounting (MemorySwap %d) is a warning', MemorySwap => {
    const { failure, warning } = checkLimits('db', asked, { ...asked, MemorySwap });
    expect(failure).toBeNull();
    expect(warning).toMatch(/db may swap beyond its 64 MB/);
  });

  test('what was not asked for is not looked at; a quota counts as NanoCpus', () => {
    expect(checkLimits('db', { Memory: 1 }, { Memory: 1, PidsLimit: 2048 }).failure).toBeNull();
    expect(checkLimits('db', { NanoCpus: 5e8 }, { NanoCpus: 0, CpuPeriod: 100_000, CpuQuota: 50_000 }).failure).toBeNull();
  });
});

describe('the API version', () => {
  test.each([
    ['Docker 20.10', '1.41', '1.12', '1.41'],
    ['Docker 28', '1.50', '1.24', '1.50'],
    ['Docker 29', '1.52', '1.44', '1.50'],
    ['an engine of the future', '1.90', '1.60', '1.60'],
    ['Podman 4 and 5', '1.41', '1.24', '1.41'],
  ])('%s', (_engine, newest, oldest, expected) => {
    expect(agree(newest, oldest)).toBe(expected);
  });

  test('versions are numbers, not decimals', () => {
    expect(apiAtLeast('1.9', '1.41')).toBe(false);
    expect(apiAtLeast('1.44', '1.44')).toBe(true);
    expect(apiAtLeast('2.0', '1.99')).toBe(true);
  });
});

describe('facts', () => {
  test('Podman is told by its component', () => {
    const facts = mapFacts({ Version: '4.3.1', Components: [{ Name: 'Podman Engine' }] }, { CgroupVersion: '2', MemTotal: 5, NCPU: 2 });
    expect(facts).toMatchObject({ kind: 'podman', version: '4.3.1', cgroupVersion: '2', memoryTotal: 5, cpus: 2, memoryLimit: true });
  });

  test('what an engine cannot limit is a warning', () => {
    const facts = mapFacts({ Components: [{ Name: 'Engine' }] }, { MemoryLimit: false, SwapLimit: false });
    const { kind, warnings } = mapInfo(facts, 'unix:///x', ['noticed']);
    expect(kind).toBe('docker');
    expect(warnings).toHaveLength(3);
    expect(warnings[2]).toBe('noticed');
  });
});
