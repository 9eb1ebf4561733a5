import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  byRank,
  DEFAULT_PREEMPTION,
  type Eviction,
  isIdle,
  type MemoryHolder,
  planPreemption,
  shrinkBursts,
  whyNotEvicted,
} from '../../daemon/scheduler/eviction/preemption.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { rounds } from '../support/deep.js';
import { CLAIM, holding, MINUTE, NOW, SECOND } from './support/holders.js';

const relief = (shortfall: number, holdings: readonly MemoryHolder[], evictions: readonly Eviction[] = []) =>
  planPreemption(shortfall, [CLAIM], holdings, evictions, DEFAULT_PREEMPTION, NOW);
const kept = (change: Partial<MemoryHolder>, evictions: readonly Eviction[] = []) =>
  whyNotEvicted(holding('db', change), [CLAIM], evictions, DEFAULT_PREEMPTION, NOW);

describe('claw-back', () => {
  const burst = { grant: 512 * MiB, standard: 256 * MiB, workingSet: 100 * MiB, peak: 100 * MiB, shrinkable: true };

  test('takes only as much as is needed, from the lowest priority first, and stops nobody when that suffices', () => {
    const holdings = [holding('db', { ...burst, priority: 80 }), holding('cache', { ...burst, priority: 20 })];
    expect(relief(300 * MiB, holdings)).toEqual({
      shrinks: [
        { id: 'shop/cache', to: 256 * MiB, frees: 256 * MiB },
        { id: 'shop/db', to: 468 * MiB, frees: 44 * MiB },
      ],
      stops: [],
    });
  });

  test('takes from the largest surplus first where the priorities are equal', () => {
    const holdings = [holding('a', { ...burst, peak: 300 * MiB }), holding('b', burst)];
    expect(relief(200 * MiB, holdings)?.shrinks.map(({ id }) => id)).toEqual(['shop/b']);
  });

  test('goes no lower than 1.25 × the peak of the last minute', () => {
    expect(shrinkBursts(Number.POSITIVE_INFINITY, [holding('db', { ...burst, peak: 240 * MiB })], DEFAULT_PREEMPTION)).toEqual([
      { id: 'shop/db', to: 300 * MiB, frees: 212 * MiB },
    ]);
  });

  test('leaves the working set below 0.8 × the new limit', () => {
    const [shrink] = shrinkBursts(
      Number.POSITIVE_INFINITY,
      [holding('db', { ...burst, workingSet: 320 * MiB, peak: 320 * MiB })],
      DEFAULT_PREEMPTION,
    );
    expect(shrink?.to).toBe(400 * MiB + 1);
  });

  test('takes from the pinned and those just started too: it stops nobody', () => {
    const pinned = holding('db', { ...burst, protectedBy: 'pinned until 18:00', since: NOW });
    expect(relief(200 * MiB, [pinned])?.shrinks).toEqual([{ id: 'shop/db', to: 312 * MiB, frees: 200 * MiB }]);
  });

  test.each([
    ['not measured', { workingSet: null }],
    ['without a peak', { peak: null }],
    ['that refused a shrink', { shrinkable: false }],
    ['at its standard', { grant: 256 * MiB }],
    ['that claims the memory itself', { id: CLAIM.id }],
  ])('takes nothing from one %s', (_, change) => {
    expect(relief(10 * MiB, [holding('db', { ...burst, ...change, protectedBy: 'pinned' })])).toBeNull();
  });
});

describe('stops', () => {
  test('one big service rather than two small ones', () => {
    const holdings = [holding('a', { grant: 200 * MiB }), holding('b', { grant: 200 * MiB }), holding('big', { grant: 400 * MiB })];
    expect(relief(400 * MiB, holdings)).toEqual({ shrinks: [], stops: ['shop/big'] });
  });

  test('an idle service, though its priority is higher than that of the claim', () => {
    const idle = holding('db', { priority: 90, idle: 5 * MINUTE, lastUseAt: NOW - 5 * MINUTE });
    expect(relief(256 * MiB, [holding('cache'), idle])).toEqual({ shrinks: [], stops: ['shop/db'] });
  });

  test('a frozen service, though it is not past its idle time', () => {
    const frozen = holding('db', { priority: 90, frozen: true, idle: 15 * MINUTE });
    expect(relief(256 * MiB, [holding('cache'), frozen])?.stops).toEqual(['shop/db']);
  });

  test('fewer than are needed when the survivors can be shrunk, and shrinks no victim', () => {
    const burst = { grant: 512 * MiB, standard: 256 * MiB, workingSet: 10 * MiB, peak: 10 * MiB, shrinkable: true };
    const holdings = [holding('a', burst), holding('b', { ...burst, priority: 90 })];
    expect(relief(700 * MiB, holdings)).toEqual({ shrinks: [{ id: 'shop/b', to: 324 * MiB, frees: 188 * MiB }], stops: ['shop/a'] });
  });

  test('two of low priority, and not one of them with another of higher priority', () => {
    const holdings = [30, 10, 55, 20].map(priority => holding(`p${priority}`, { priority }));
    expect(relief(512 * MiB, holdings)?.stops).toEqual(['shop/p10', 'shop/p20']);
  });

  test('the idle first, then low priority, then much above the standard, then the least recently used', () => {
    const order = [
      holding('idle', { priority: 90, frozen: true }),
      holding('low', { priority: 10 }),
      holding('above', { workingSet: 300 * MiB }),
      holding('old', { lastUseAt: NOW - 3 * MINUTE }),
      holding('unmeasured', { workingSet: null }),
      holding('zebra', { workingSet: null }),
    ].map(entry => entry.id);
    const byId = new Map(
      [
        holding('zebra', { workingSet: 256 * MiB }),
        holding('old', { workingSet: 256 * MiB, lastUseAt: NOW - 3 * MINUTE }),
        holding('unmeasured', { workingSet: null }),
        holding('above', { workingSet: 300 * MiB }),
        holding('low', { priority: 10 }),
        holding('idle', { priority: 90, frozen: true }),
      ].map(entry => [entry.id, entry]),
    );
    expect([...byId.values()].sort(byRank(NOW)).map(entry => entry.id)).toEqual(order);
  });

  test('nobody when all together do not free enough', () => {
    expect(relief(600 * MiB, [holding('a'), holding('b')])).toBeNull();
  });

  test('nobody when nothing is missing', () => {
    expect(relief(0, [holding('a', { frozen: true })])).toEqual({ shrinks: [], stops: [] });
  });
});

describe('a service is kept, and why', () => {
  const duel = (ago: number, reverse = false): Eviction =>
    reverse ? { victim: CLAIM.id, by: 'shop/db', at: NOW - ago } : { victim: 'shop/db', by: CLAIM.id, at: NOW - ago };

  test.each<[string, Partial<MemoryHolder>, readonly Eviction[], string | null]>([
    ['protected', { protectedBy: 'pinned until 18:00' }, [], 'pinned until 18:00'],
    ['up for less than two minutes', { since: NOW - 40 * SECOND }, [], 'up for 40 s of 2 m'],
    ['just up, frozen, not past its idle time', { since: NOW - 90 * SECOND, frozen: true, idle: 2 * MINUTE }, [], 'up for 1 m 30 s of 2 m'],
    [
      'just up, frozen, past its idle time',
      { since: NOW - 90 * SECOND, lastUseAt: NOW - 60 * SECOND, frozen: true, idle: MINUTE },
      [],
      null,
    ],
    ['just up, not frozen, past its idle time', { since: NOW - 90 * SECOND, idle: MINUTE }, [], 'up for 1 m 30 s of 2 m'],
    ['of higher priority', { priority: 80 }, [], 'of higher priority (80)'],
    ['of equal priority, used', { priority: 60, lastUseAt: NOW - 12 * SECOND }, [], 'used 12 s ago, and of equal priority (60)'],
    ['of equal priority, unused for a minute', { priority: 60, lastUseAt: NOW - 60 * SECOND }, [], null],
    ['of lower priority, used now', { priority: 59, lastUseAt: NOW }, [], null],
    [
      'never stopped for being idle, of higher priority',
      { priority: 80, idle: null, lastUseAt: 0, since: 0 },
      [],
      'of higher priority (80)',
    ],
    ['the claim', { id: CLAIM.id }, [], 'the memory is for it'],
    [
      'in a duel, in either direction',
      {},
      [duel(MINUTE), duel(3 * MINUTE, true), duel(9 * MINUTE)],
      'it and shop/api have evicted each other 3 times in 10 m',
    ],
    ['idle, and in a duel', { frozen: true }, [duel(1), duel(2), duel(3)], 'it and shop/api have evicted each other 3 times in 10 m'],
    ['in a duel that is long ago', {}, [duel(MINUTE), duel(3 * MINUTE, true), duel(10 * MINUTE)], null],
    ['twice evicted', {}, [duel(MINUTE), duel(2 * MINUTE)], null],
  ])('%s', (_, change, evictions, reason) => {
    expect(kept(change, evictions)).toBe(reason);
  });

  test('nobody claims: only the idle may go', () => {
    expect(whyNotEvicted(holding('db'), [], [], DEFAULT_PREEMPTION, NOW)).toBe('in use');
    expect(whyNotEvicted(holding('db', { frozen: true }), [], [], DEFAULT_PREEMPTION, NOW)).toBeNull();
  });

  test('of a plan with several services the highest priority counts, and a duel with any of them', () => {
    const claims = [CLAIM, { id: 'shop/llm', priority: 90 } as const];
    expect(whyNotEvicted(holding('db', { priority: 80 }), claims, [], DEFAULT_PREEMPTION, NOW)).toBeNull();
    const duels = [1, 2, 3].map(at => ({ victim: 'shop/db', by: 'shop/llm', at: NOW - at }) as const);
    expect(whyNotEvicted(holding('db'), claims, duels, DEFAULT_PREEMPTION, NOW)).toContain('shop/llm');
    expect(planPreemption(MiB, claims, [holding('db')], duels, DEFAULT_PREEMPTION, NOW)).toBeNull();
  });
});

describe('for any holdings', () => {
  const size = fc.integer({ min: 1, max: 8 });
  const anyHolding = fc.record<Omit<MemoryHolder, 'id'>>({
    priority: fc.constantFrom(20, 40, 60, 80),
    standard: size,
    grant: fc.integer({ min: 8, max: 20 }),
    workingSet: fc.option(size),
    peak: fc.option(size),
    lastUseAt: fc.integer({ min: 0, max: 300 }).map(ago => NOW - ago * SECOND),
    since: fc.constantFrom(100, 150, 500).map(ago => NOW - ago * SECOND),
    idle: fc.option(fc.constantFrom(MINUTE, 4 * MINUTE)),
    frozen: fc.boolean(),
    shrinkable: fc.boolean(),
    protectedBy: fc.option(fc.constant('leased'), { freq: 4 }),
  });
  const anyHoldings = fc
    .array(anyHolding, { maxLength: 7 })
    .map(list => list.map((entry, i): MemoryHolder => ({ ...entry, id: i === 6 ? CLAIM.id : `shop/s${i}` })));
  const anyEvictions = fc.array(
    fc.record({
      victim: fc.constantFrom(CLAIM.id, 'shop/s0' as const, 'shop/s1' as const),
      by: fc.constantFrom(CLAIM.id, 'shop/s0' as const, 'shop/s1' as const),
      at: fc.integer({ min: 0, max: 700 }).map(ago => NOW - ago * SECOND),
    }),
    { maxLength: 8 },
  );
  const anyShortfall = fc.integer({ min: 0, max: 90 });

  /** The rule's own words: max(standard, 1.25 × peak), and the working set below 0.8 × the limit. */
  const mayShrinkTo = (entry: MemoryHolder, to: number) =>
    entry.shrinkable &&
    entry.workingSet !== null &&
    entry.peak !== null &&
    to >= Math.max(entry.standard, 1.25 * entry.peak) &&
    entry.workingSet < 0.8 * to;
  const surplus = (entry: MemoryHolder) => {
    for (let to = 1; to < entry.grant; to++) if (mayShrinkTo(entry, to)) return entry.grant - to;
    return 0;
  };
  const isKept = (entry: MemoryHolder, evictions: readonly Eviction[]) =>
    whyNotEvicted(entry, [CLAIM], evictions, DEFAULT_PREEMPTION, NOW) !== null;
  /** All sets of stops that, with all shrinks of the survivors, free enough. */
  const solutions = (shortfall: number, holdings: readonly MemoryHolder[], evictions: readonly Eviction[]): MemoryHolder[][] => {
    const others = holdings.filter(entry => entry.id !== CLAIM.id);
    const evictable = others.filter(entry => !isKept(entry, evictions)).sort(byRank(NOW));
    return Array.from({ length: 2 ** evictable.length }, (_, bits) => evictable.filter((_, i) => bits & (1 << i))).filter(
      stops => others.reduce((sum, entry) => sum + (stops.includes(entry) ? entry.grant : surplus(entry)), 0) >= shortfall,
    );
  };

  test('it frees the shortfall, exactly so when only shrinks do it, and touches nothing that it must not', () => {
    fc.assert(
      fc.property(anyShortfall, anyHoldings, anyEvictions, (shortfall, holdings, evictions) => {
        const found = relief(shortfall, holdings, evictions);
        if (!found) return;
        const byId = new Map(holdings.map(entry => [entry.id, entry]));
        const stopped = found.stops.map(id => byId.get(id)?.grant ?? 0).reduce((a, b) => a + b, 0);
        const shrunk = found.shrinks.map(({ frees }) => frees).reduce((a, b) => a + b, 0);
        expect(stopped + shrunk).toBeGreaterThanOrEqual(shortfall);
        if (found.shrinks.length > 0) expect(stopped + shrunk).toBe(shortfall);
        for (const id of found.stops) expect(byId.get(id)).toMatchObject({ protectedBy: null });
        for (const { id, to, frees } of found.shrinks) {
          const entry = byId.get(id);
          expect(entry && id !== CLAIM.id && !found.stops.includes(id) && mayShrinkTo(entry, to) && frees > 0).toBe(true);
          expect(to + frees).toBe(entry?.grant);
        }
      }),
      { numRuns: rounds(1_000) },
    );
  });

  test('it is null only where no set of stops would do, and otherwise the best set of all', () => {
    /** Fewest; fewest that are in use; then the last in rank as early as possible, the last but one, … */
    const better = (a: readonly MemoryHolder[], b: readonly MemoryHolder[]) => {
      const inUse = (set: readonly MemoryHolder[]) => set.filter(entry => !isIdle(entry, NOW)).length;
      const fewer = a.length - b.length || inUse(a) - inUse(b);
      if (fewer !== 0) return fewer;
      for (let i = a.length - 1; i >= 0; i--) {
        const [x, y] = [a[i], b[i]];
        if (x && y && x !== y) return byRank(NOW)(x, y);
      }
      return 0;
    };
    fc.assert(
      fc.property(anyShortfall, anyHoldings, anyEvictions, (shortfall, holdings, evictions) => {
        const best = solutions(shortfall, holdings, evictions).sort(better)[0];
        expect(relief(shortfall, holdings, evictions)?.stops ?? null).toEqual(best?.map(entry => entry.id) ?? null);
      }),
      { numRuns: rounds(3_000) },
    );
  });

  test('the order of holdings and evictions does not matter', () => {
    fc.assert(
      fc.property(anyShortfall, anyHoldings, anyEvictions, fc.infiniteStream(fc.nat()), (shortfall, holdings, evictions, random) => {
        const shuffled = <T>(list: readonly T[]) =>
          list
            .map(entry => ({ entry, at: random.next().value ?? 0 }))
            .sort((a, b) => a.at - b.at)
            .map(({ entry }) => entry);
        expect(relief(shortfall, shuffled(holdings), shuffled(evictions))).toEqual(relief(shortfall, holdings, evictions));
      }),
    );
  });
});
