import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveMachine, StreamFrame } from '../../../daemon/api/live.js';
import type { Plan } from '../../../daemon/api/plan.js';
import { budgetBar, memoryBar, share, sparkPoints } from '../../../daemon/ui/web/geometry.js';
import {
  countdownShown,
  memoryLabel,
  memoryTitle,
  nextLabel,
  percentShown,
  planLines,
  planSum,
  SIGNS,
  stateLabel,
  troubleLabel,
  windowsFigures,
} from '../../../daemon/ui/web/labels.js';
import { applyFrame, type Snapshot } from '../../../daemon/ui/web/snapshot.js';
import { LIVE } from '../../scheduler/live.js';
import { MB, notice, PLAN } from '../../server/harness.js';
import { liveService, USAGE } from '../../server/stage.js';

const API = liveService('api');
const snapshot: StreamFrame = {
  type: 'snapshot',
  seq: 1,
  every: 1_000,
  live: { ...LIVE, services: [API] },
  notices: [notice(1, 'api', 'ready')],
  recent: { 'shop/api': { slot: 0, entries: [{ at: LIVE.at - 500, workingSet: 90 * MB, peak: 90 * MB, cpu: 1 }] } },
};

function snapshotOf(...frames: readonly StreamFrame[]): Snapshot | null {
  return frames.reduce<Snapshot | null>(applyFrame, null);
}

describe('the snapshot', () => {
  it('follows frames, and remembers the last minute of what is measured', () => {
    const at = LIVE.at + 1_000;
    const shown = snapshotOf(
      snapshot,
      { type: 'delta', seq: 2, live: { at, services: [{ id: 'shop/api', usage: { ...USAGE, workingSet: 110 * MB } }] } },
      { type: 'notice', seq: 3, notice: notice(2, 'api', 'stopped') },
      { type: 'delta', seq: 4, live: { at: at + 1_000 } },
      { type: 'heartbeat', seq: 5, at: at + 5_000 },
    );
    expect(shown?.recent['shop/api']?.map(({ workingSet }) => workingSet / MB)).toEqual([90, 110, 110]);
    expect(shown?.notices.map(({ seq }) => seq)).toEqual([1, 2]);
    expect([shown?.seq, shown?.live.at]).toEqual([5, at + 5_000]);
    const later =
      shown && applyFrame(shown, { type: 'delta', seq: 6, live: { at: at + 60_500, services: [{ id: 'shop/api', usage: null }] } });
    expect(later?.recent['shop/api']?.map(({ workingSet }) => workingSet / MB)).toEqual([110]);
    const gone = later && applyFrame(later, { type: 'delta', seq: 7, live: { at: at + 61_000, removed: ['shop/api'] } });
    expect([gone?.live.services, gone?.recent]).toEqual([[], {}]);
  });

  it('without a snapshot, and with a frame missing, there is none', () => {
    expect(snapshotOf({ type: 'heartbeat', seq: 1, at: 1 })).toBe(null);
    expect(snapshotOf(snapshot, { type: 'heartbeat', seq: 3, at: 1 })).toBe(null);
    expect(snapshotOf(snapshot, { type: 'heartbeat', seq: 3, at: 1 }, snapshot)?.seq).toBe(1);
  });

  it('keeps 200 notices', () => {
    const many = Array.from(
      { length: 300 },
      (_, index): StreamFrame => ({ type: 'notice', seq: index + 2, notice: notice(index + 2, 'api', 'ready') }),
    );
    const kept = snapshotOf(snapshot, ...many)?.notices ?? [];
    expect([kept.length, kept.at(-1)?.seq]).toEqual([200, 301]);
  });
});

describe('bars and lines', () => {
  it.each([
    [{ standard: 256, grant: 512, maximum: 1024 }, 300, { fill: 29.3, back: 50, marks: [25, 50], over: false }],
    [{ standard: 256, grant: 512, maximum: 512 }, 500, { fill: 97.7, back: 100, marks: [50, 100], over: true }],
    [{ standard: 256, grant: 0, maximum: 512 }, 0, { fill: 0, back: 0, marks: [50], over: false }],
  ])('%o with %d MB in use', ({ standard, grant, maximum }, used, bar) => {
    const memory = { standard: standard * MB, grant: grant * MB, maximum: maximum * MB, workingSet: used * MB };
    expect(memoryBar({ memory, usage: used === 0 ? null : { ...USAGE, workingSet: used * MB } })).toEqual(bar);
  });

  it('whatever the figures, a bar stays within its box', () => {
    const bytes = fc.double({ min: 0, max: 2 ** 45, noNaN: true });
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, (budget, granted, standard, workingSet) => {
        const { fill, back, marks } = budgetBar({ budget, granted, standard, workingSet });
        for (const value of [fill, back, ...marks, share(workingSet, budget)]) expect(value >= 0 && value <= 100).toBe(true);
      }),
    );
  });

  it('the line has the last minute only, newest at the right edge, and never leaves its box', () => {
    const entry = (at: number, workingSet: number) => ({ at, workingSet, peak: workingSet, cpu: null });
    expect(sparkPoints([entry(0, 5), entry(40_000, 0), entry(70_000, 100), entry(100_000, 50)], 100_000, 90, 22)).toBe('0,22 45,2 90,12');
    expect(sparkPoints([], 100_000, 90, 22)).toBe('');
  });
});

describe('words', () => {
  it('every state has a sign of its own', () => {
    expect(new Set(Object.values(SIGNS)).size).toBe(7);
    expect(stateLabel(liveService('api', { health: 'unhealthy' }))).toBe('unhealthy');
  });

  it('memory, who goes next, times and shares', () => {
    expect([memoryLabel(API), memoryTitle(API)]).toEqual(['100 MB of 512 MB', 'working set 100 MB, with cache 120 MB, standard 256 MB, grant 512 MB, maximum 512 MB']); // biome-ignore format: one line
    const asleep = liveService('db', { usage: null, memory: { ...API.memory, grant: 0 } });
    expect([memoryLabel(asleep), nextLabel(asleep)]).toEqual(['standard 256 MB', 'holds nothing']);
    expect(nextLabel(liveService('a', { next: { rank: 2, frees: 512 * MB } }))).toBe('goes as number 2, frees 512 MB');
    expect(nextLabel(liveService('a', { protectedBy: 'pinned' }))).toBe('stays: pinned');
    expect(nextLabel(liveService('a', { next: null, protectedBy: null }))).toBe('has no rank yet');
    expect([countdownShown(252_300), countdownShown(900), countdownShown(-5)]).toEqual(['4 m 13 s', '1 s', '0 s']);
    expect([percentShown(0.04), percentShown(97.4), percentShown(null), percentShown(undefined)]).toEqual(['0.0 %', '97 %', '–', '–']);
  });

  it('what Windows sees beside the VM: only what is known', () => {
    const of = (...machines: readonly LiveMachine[]) =>
      windowsFigures({ ...LIVE.host, windows: { at: 0, total: 16 * 1024 * MB, free: 3 * 1024 * MB, machines } }).map(each =>
        each.join(': '),
      );
    const machine = (name: string, memory: number | null) => ({ name, memory: memory === null ? null : memory * MB, since: null });
    expect(of(machine('vmmemWSL', 7_000), machine('vmmemwslc-cli-me', 900))).toEqual([
      'Windows: 3 GB of 16 GB free',
      'VmmemWSL: 6.8 GB',
      'WSL containers: 900 MB',
    ]);
    expect(of(machine('vmmem', 7_000), machine('vmmem', 900)).slice(1)).toEqual(['vmmem, all machines: 7.7 GB']);
    expect(of(machine('vmmemWSL', null))).toEqual(['Windows: 3 GB of 16 GB free']);
    expect(windowsFigures({ ...LIVE.host, windowsFault: 'interop is off' })).toEqual([]);
  });

  it('crashes and kills at the limit: only those that there were, in their number', () => {
    const of = (crashes: number, ooms: number) => troubleLabel(liveService('a', { crashes, ooms }));
    expect([of(0, 0), of(1, 0), of(0, 1), of(5, 2)]).toEqual([
      'none',
      '✕ 1 crash',
      '✕ 1 kill at the limit',
      '✕ 5 crashes, 2 kills at the limit',
    ]);
  });

  it('a plan: what is stopped first, then what makes room, then what starts', () => {
    const plan: Plan = {
      ...PLAN,
      stops: ['shop/a'],
      evicts: ['shop/b'],
      shrinks: [{ id: 'shop/c', to: 64 * MB, frees: 10 }],
      keeps: ['shop/d'],
      sleeps: ['shop/e'],
    };
    expect(planLines(plan).map(({ verb, what }) => `${verb} ${what}`)).toEqual([
      'stop shop/a',
      'put to sleep shop/b, to make room; a connection wakes it',
      'shrink shop/c to 64 MB, to make room',
      'start shop/api, limit 512 MB',
      'listen shop/e: asleep until a client connects',
      'keep shop/d',
    ]);
    expect(planSum(plan)).toBe('Granted 0 MB → 512 MB; 7.5 GB of 8 GB left.');
    expect(planSum({ ...plan, grantedBefore: plan.grantedAfter })).toBe('Granted stays 512 MB; 7.5 GB of 8 GB left.');
  });
});
