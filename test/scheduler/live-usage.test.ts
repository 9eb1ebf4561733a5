import { describe, expect, test } from 'vitest';
import type { ContainerDetail, ContainerSample } from '../../daemon/model/container-sample.js';
import { type Measured, measuredNext } from '../../daemon/scheduler/views/live-usage.js';

const DETAIL: ContainerDetail = { pids: 3, netIn: 1_000, netOut: 100, blockIn: 10, blockOut: 20, psi: { some10: 1, full10: 0 } };

function sample(cpuMs: number, detail: Partial<ContainerDetail> | null = {}, more: Partial<ContainerSample> = {}): ContainerSample {
  const all = detail && { ...DETAIL, ...detail };
  return { workingSet: 100, usage: 150, limit: 200, cpu: cpuMs * 1e6, oomKills: 0, detail: all, takenAt: null, ...more };
}

/** Samples of container c at these moments, one after the other. */
function usageAfter(...seen: readonly [number, ContainerSample, string?][]): Measured['usage'] {
  let measured: Measured | null = null;
  for (const [now, each, container = 'c'] of seen) measured = measuredNext(measured, container, each, now);
  if (measured === null) throw new Error('nothing was measured');
  return measured.usage;
}

const NO_RATES = { cpu: null, netIn: null, netOut: null, blockIn: null, blockOut: null };

describe('rates', () => {
  test('there are none after one sample', () => {
    const level = { workingSet: 100, usage: 150, pids: 3, psi: { some10: 1, full10: 0 } };
    expect(usageAfter([0, sample(0)])).toEqual({ ...level, ...NO_RATES });
  });

  test('are the differences of two samples over the time between them', () => {
    const second = sample(700, { netIn: 3_000, netOut: 100, blockIn: 4_106, blockOut: 21 });
    expect(usageAfter([0, sample(200)], [2_000, second])).toMatchObject({ cpu: 25, netIn: 1_000, netOut: 0, blockIn: 2_048, blockOut: 1 });
  });

  test('CPU is % of one core: two that work make 200', () => {
    expect(usageAfter([0, sample(0)], [1_000, sample(2_000)]).cpu).toBe(200);
  });

  test('go by the clock of whoever took the sample, where he says when', () => {
    const [first, second] = [sample(0, {}, { takenAt: 10_000 }), sample(500, {}, { takenAt: 15_000 })];
    expect(usageAfter([0, first], [5_900, second]).cpu).toBe(10);
  });

  test.each<[string, ContainerSample, string]>([
    ['another container', sample(9_000), 'd'],
    ['counters that went back: it was started anew', sample(5, { netIn: 0, netOut: 0, blockIn: 0, blockOut: 0 }), 'c'],
  ])('%s: none', (_name, next, container) => {
    expect(usageAfter([0, sample(1_000)], [1_000, next, container])).toMatchObject(NO_RATES);
  });

  test('of the same moment stand: one that decides asks between two looks', () => {
    const seen: [number, ContainerSample][] = [
      [0, sample(0)],
      [1_000, sample(100)],
      [1_001, sample(100, null, { workingSet: 300 })],
    ];
    expect(usageAfter(...seen)).toMatchObject({ workingSet: 300, cpu: 10, netIn: 0, pids: 3 });
    expect(usageAfter(...seen, [2_000, sample(600)])).toMatchObject({ workingSet: 100, cpu: 50, netIn: 0 });
  });

  test('however often somebody asks, rates are renewed', () => {
    const often = Array.from({ length: 101 }, (_, i): [number, ContainerSample] => [i * 20, sample(i * 10)]);
    expect(usageAfter(...often).cpu).toBe(50);
  });

  test('what was not read has none, and its next reading begins anew', () => {
    expect(usageAfter([0, sample(0, null)], [1_000, sample(0)])).toMatchObject({ cpu: 0, netIn: null, pids: 3 });
    expect(usageAfter([0, sample(0, null)], [10, sample(0)], [1_010, sample(0, { netIn: 2_000 })])).toMatchObject({ netIn: 1_000 });
    expect(usageAfter([0, sample(0)], [1_000, sample(0, { netIn: null })])).toMatchObject({ netIn: null, netOut: 0 });
  });
});
