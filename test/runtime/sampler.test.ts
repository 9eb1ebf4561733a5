import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DETAIL, Rig, runningAs, sampleOf } from './support/rig.js';

const MB = 1024 * 1024;
let rig: Rig;
beforeEach(() => {
  vi.useFakeTimers();
  rig = new Rig();
});
afterEach(() => {
  rig.watchers.close();
  rig.sampler.close();
  vi.useRealTimers();
});

/** Time passes in steps of the finest timer. */
async function pass(ms: number): Promise<void> {
  for (let step = 0; step < ms; step += 50) {
    rig.time.now += 50;
    await vi.advanceTimersByTimeAsync(50);
  }
}

function up(...names: string[]): void {
  for (const name of names) rig.files.set(`c-${name}`, 100);
  rig.set(...names.map(name => runningAs(name)));
}

describe('for the core', () => {
  test('what is sampled goes to the history as well as to the loop', () => {
    rig.files.set('c-api', 100);
    rig.set(runningAs('api'), { ...runningAs('db'), state: { kind: 'asleep', exit: null } }, runningAs('gone'));
    rig.time.now = 5;
    rig.sampler.now();
    const samples = [{ id: 'p/api', container: 'c-api', workingSet: 100 * MB, cpu: 5 * 5e5 }];
    expect(rig.kept).toEqual([samples]);
    expect(rig.posted).toMatchObject([{ services: samples, host: { at: 5, total: 1_000 * MB } }]);
  });

  test('services are measured every 5 s while anything runs, and then there is no timer', async () => {
    expect(vi.getTimerCount()).toBe(0);
    up('api');
    expect(vi.getTimerCount()).toBe(1);
    await pass(12_000);
    expect(rig.reported()).toEqual([
      [1_000, 1],
      [6_000, 1],
      [11_000, 1],
    ]);
    rig.set();
    expect(vi.getTimerCount()).toBe(0);
    expect(rig.forgotten).toEqual(['c-api']);
  });

  test('a host that is nearly full, or under pressure, is told of each second, also when nothing runs any more', async () => {
    up('api');
    rig.memory = { total: 1_000 * MB, available: 149 * MB };
    await pass(3_000);
    expect(rig.reported()).toEqual([
      [1_000, 1],
      [2_000, 0],
      [3_000, 0],
    ]);
    rig.memory = { total: 1_000 * MB, available: 900 * MB };
    rig.underPressure('soft').set();
    await pass(1_000);
    expect(rig.reported().at(-1)).toEqual([4_000, 0]);
    rig.underPressure('none');
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([250, 300, 700, 1_000, 2_500, 60_000])('is told the same when somebody watches every %i ms', async every => {
    up('api', 'db');
    rig.memory = { total: 1_000 * MB, available: 140 * MB };
    rig.watch(every);
    await pass(30_000);
    const reported = rig.reported();
    const gaps = reported.slice(1).map(([at], index) => at - (reported[index]?.[0] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1_000);
    expect(reported.filter(([, services]) => services > 0).length).toBe(6);
    expect(rig.kept.length).toBe(6);
  });
});

describe('for those who watch', () => {
  test.each([
    [250, 250],
    [300, 250],
    [700, 500],
    [1_000, 1_000],
    [2_500, 2_000],
    [10, 250],
  ])('every %i ms: figures every %i ms at the latest', async (every, expected) => {
    up('api');
    rig.watch(every);
    await pass(10_000);
    const looks = rig.reads.filter(read => read === 'c-api true').length;
    expect(looks).toBeGreaterThanOrEqual(Math.floor(10_000 / Math.max(every, 250)));
    expect(looks).toBeLessThanOrEqual(Math.ceil(10_000 / expected) + 2);
  });

  test('the fastest counts, and with the last of them the pace of rest is back', async () => {
    up('api');
    const ends = [rig.watch(1_000), rig.watch(250), rig.watch(60_000)];
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    await pass(2_000);
    expect(rig.reads.length).toBeGreaterThanOrEqual(8);
    for (const end of ends) end();
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(1);
    const before = rig.reads.length;
    await pass(20_000);
    expect(rig.reads.length - before).toBe(4);
  });

  test('what sleeps is not measured; the host is, by one timer', async () => {
    rig.set({ ...runningAs('db'), state: { kind: 'asleep', exit: null } });
    const end = rig.watch(1_000);
    await pass(3_000);
    expect(rig.reads).toEqual([]);
    expect(rig.posted).toEqual([]);
    expect(rig.figures.host().host).toMatchObject({ swapTotal: 4 * MB, cores: 4, cpu: 25, wsl: true });
    end();
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('detail is read for them, and for a minute after somebody has asked once', async () => {
    up('api');
    await pass(1_000);
    expect(rig.reads).toEqual(['c-api false']);
    rig.sampler.looked();
    expect(rig.reads.at(-1)).toBe('c-api true');
    expect(rig.figures.usage('p/api')).toMatchObject({ workingSet: 100 * MB, usage: 200 * MB, pids: 3, netIn: null });
    rig.sampler.looked();
    expect(rig.reads.length).toBe(2);
    await pass(5_000);
    expect(rig.figures.usage('p/api')).toMatchObject({ cpu: 50, netIn: 0 });
    await pass(60_000);
    expect(rig.reads.at(-1)).toBe('c-api false');
  });

  test('they are called back once a turn, whatever happens in it', async () => {
    up('api');
    let calls = 0;
    const end = rig.watch(60_000, () => calls++);
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toBe(1);
    for (let i = 0; i < 10; i++) rig.watchers.poke();
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toBe(2);
    rig.watchers.poke();
    end();
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toBe(2);
  });

  test('a service that does not run any more has no figures, and its files are closed', async () => {
    up('api', 'db');
    rig.watch(1_000);
    await pass(2_000);
    rig.set(runningAs('api'), { ...runningAs('db'), state: { kind: 'asleep', exit: null } });
    expect(rig.forgotten).toEqual(['c-db']);
    expect(rig.figures.usage('p/db')).toBeNull();
    expect(rig.figures.recent.entries('p/db', 0, 0, rig.clock.wall())).toHaveLength(3);
    rig.set(runningAs('api'));
    expect(rig.figures.recent.entries('p/db', 0, 0, rig.clock.wall())).toEqual([]);
  });
});

describe('where cgroup files cannot be read', () => {
  test('the engine is asked every 15 s, every 5 s while somebody watches, and its answers are figures as others are', async () => {
    let asked = 0;
    rig.stats = async () => sampleOf(50 * MB, 1e9 * ++asked, { detail: DETAIL, takenAt: 1_000_000 + rig.time.now });
    rig.set(runningAs('far'));
    await pass(30_000);
    expect(rig.asked.map(({ at }) => at)).toEqual([1_000, 16_000]);
    const end = rig.watch(1_000);
    await pass(15_000);
    expect(rig.asked.slice(2).map(({ at }) => at)).toEqual([31_000, 36_000, 41_000]);
    expect(rig.figures.usage('p/far')).toMatchObject({ workingSet: 50 * MB, cpu: 20, netIn: 0, pids: 3 });
    expect(rig.posted.at(-1)?.services).toMatchObject([{ id: 'p/far', workingSet: 50 * MB }]);
    end();
    await pass(15_000);
    expect(rig.asked).toHaveLength(6);
  });

  test('what stands still is asked every 15 s although somebody watches; when it moves or is used, every 5 s again', async () => {
    let [used, cpu] = [50 * MB, 0];
    rig.stats = async () => sampleOf(used, cpu, { detail: DETAIL, takenAt: 1_000_000 + rig.time.now });
    rig.set(runningAs('far'));
    rig.watch(1_000);
    await pass(36_000);
    const at = () => rig.asked.splice(0).map(each => each.at);
    // The second answer is the first that can be compared.
    expect(at()).toEqual([1_000, 6_000, 21_000, 36_000]);
    used += 2 * MB;
    await pass(16_000);
    expect(at()).toEqual([51_000]);
    await pass(5_000);
    expect(at()).toEqual([56_000]);
    const entry = runningAs('far');
    rig.set({ ...entry, use: { ...entry.use, lastAt: rig.time.now } });
    await pass(5_000);
    expect(at()).toEqual([61_000]);
    cpu = 1e9;
    await pass(15_000);
    expect(at()).toEqual([76_000]);
    await pass(10_000);
    expect(at()).toEqual([81_000]);
  });

  test('one that moves is asked every 5 s, whatever the others do', async () => {
    let cpu = 0;
    rig.stats = async container => {
      if (container === 'c-busy') cpu += 1e9;
      return sampleOf(50 * MB, container === 'c-busy' ? cpu : 0, { detail: DETAIL, takenAt: 1_000_000 + rig.time.now });
    };
    rig.set(runningAs('still'), runningAs('busy'));
    rig.watch(1_000);
    await pass(30_000);
    const of = (container: string) => rig.asked.filter(each => each.container === container).map(({ at }) => at);
    expect(of('c-busy')).toEqual([1_000, 6_000, 11_000, 16_000, 21_000, 26_000]);
    expect(of('c-still')).toEqual([1_000, 6_000, 21_000]);
  });

  test('files are not tried at each look of a watcher', async () => {
    rig.set(runningAs('far'));
    rig.watch(250);
    await pass(5_000);
    expect(rig.reads.length).toBeLessThanOrEqual(3);
  });

  test('an engine that does not answer is not asked again before it has; an answer of a container that has ended is left out', async () => {
    let answer: () => void = () => undefined;
    rig.stats = () =>
      new Promise(resolve => {
        answer = () => resolve(sampleOf(1, 1));
      });
    rig.set(runningAs('far'));
    rig.watch(1_000);
    await pass(20_000);
    expect(rig.asked).toHaveLength(1);
    rig.set();
    answer();
    await pass(1_000);
    expect(rig.figures.usage('p/far')).toBeNull();
    expect(rig.kept.flat()).toEqual([]);
  });
});
