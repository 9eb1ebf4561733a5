import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GiB, MiB } from '../../daemon/shared/bytes.js';
import { DEEP, SEED, some } from '../support/deep.js';
import { Random } from './kill9/random.js';
import type { Home } from './support/home.js';
import { Limits } from './support/limits.js';
import { complaint, get, type Sleeper, sleepers, type Wanted } from './support/sleepers.js';
import { idsOf, tinyHome } from './support/tiny.js';
import { patience } from './support/until.js';

/** Seconds of use. */
const SECONDS = DEEP ? 300 : 10;

/** 2 GB of standards in a budget of 1 GB; every other one may burst. */
const eight = (idle: string, priorities: readonly number[]): Record<string, Wanted> =>
  Object.fromEntries(
    Array.from({ length: 8 }, (_, index) => [
      `s${index}`,
      {
        memory: `{ standard: 256MB, maximum: ${index % 2 === 0 ? 512 : 256}MB }`,
        priority: priorities[index] ?? 50,
        idle,
      },
    ]),
  );

interface Used {
  readonly requests: number;
  readonly longest: number;
  readonly complaints: readonly string[];
}

/** Turns of one to four services, which fit at once, each asked again and again for a few seconds; then others have theirs. */
async function useInTurns(services: readonly Sleeper[], seed: number, until: number): Promise<Used> {
  const random = new Random(seed);
  const complaints: string[] = [];
  let requests = 0;
  let longest = 0;
  const use = async (service: Sleeper, times: number, gaps: readonly number[]): Promise<void> => {
    for (let count = 0; count < times; count++) {
      const before = performance.now();
      const wrong = await complaint(service);
      longest = Math.max(longest, performance.now() - before);
      requests += 1;
      if (wrong !== null) complaints.push(wrong);
      await pause(gaps[count % gaps.length] ?? 0);
    }
  };
  while (performance.now() < until) {
    const size = 1 + random.below(4);
    const turn = [...services].sort(() => random.next() - 0.5).slice(0, size);
    const gaps = Array.from({ length: 5 }, () => random.below(300));
    await Promise.all(turn.map(service => use(service, 3 + random.below(10), gaps)));
  }
  return { requests, longest, complaints };
}

const FIGURES = [
  // Waits end by themselves: what is quiet falls asleep. With figures as they usually are nobody is evicted this early.
  { figures: 'the usual figures', idle: '5s', priorities: [50, 50, 50, 70, 50, 30, 50, 70], env: {} },
  // Nobody falls asleep by itself: all room is made by eviction. Among equals: the lower would wait for the higher in vain.
  {
    figures: 'short figures and long idle times',
    idle: '10m',
    priorities: [],
    env: { LAPTOP_DEV_MIN_UPTIME: '500ms', LAPTOP_DEV_EQUAL_IDLE: '400ms', LAPTOP_DEV_THRASH_LIMIT: '1000' },
  },
];
describe.each(some(FIGURES, 1))('a budget of 1 GB and services of 2 GB used in turns, with $figures', ({ idle, priorities, env }) => {
  let own: Home;
  let services: readonly Sleeper[];
  let folder: string;
  beforeAll(async () => {
    own = await tinyHome({ LAPTOP_DEV_BUDGET: '1GB', ...env });
    ({ folder, services } = await sleepers(own, 'turns', eight(idle, priorities)));
  });
  afterAll(() => own?.close());

  it(
    `${SECONDS} s: no request fails, and the limits are never more than the budget`,
    async () => {
      const [first] = services;
      if (first) await get(first);
      const limits = await Limits.watch(own, (await idsOf(own, `${own.name}-turns`))['s0'] ?? '');
      const began = performance.now();
      const used = await useInTurns(services, SEED, began + SECONDS * 1_000);
      const took = performance.now() - began;
      const sums = await limits.end();
      console.log(
        `turns (SEED=${SEED}): ${used.requests} requests in ${Math.round(took / 1_000)} s, the longest took ${Math.round(used.longest)} ms; ` +
          `${sums.length} samples, at most ${Math.max(...sums) / MiB} MB granted, services: ${folder}`,
      );
      expect(used.complaints).toEqual([]);
      expect(Math.max(...sums)).toBeLessThanOrEqual(GiB);
      expect(Math.max(...sums)).toBeGreaterThanOrEqual(GiB - 256 * MiB);
      expect(sums.length).toBeGreaterThan(took / 200); // it was watched nearly all the time
      expect(used.longest).toBeLessThan(patience(60_000));
    },
    patience((SECONDS + 180) * 1_000),
  );
});
