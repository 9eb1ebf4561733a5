import { afterAll, beforeAll, expect, it } from 'vitest';
import { machineOomKills } from '../../../daemon/engine/podman/oom-counter.js';
import type { Home } from './home.js';
import { oomKillsIn } from './oom-kills.js';
import type { Strain } from './pressure.js';
import { get } from './sleepers.js';
import { Strained } from './strained.js';
import { patience, until } from './until.js';

/**
 * What is to be seen when the host runs short of memory, whatever tells so, in the order in which it happens. `alone`: nobody else on this
 * machine is killed for memory meanwhile. Returns the home for what a file adds.
 */
export function pressureTests(strainOf: (own: Home) => Strain, alone: boolean): () => Strained {
  let host: Strained;
  let kills: number;
  let late: ReturnType<typeof get>;
  beforeAll(async () => {
    host = await Strained.make(strainOf);
  });
  afterAll(() => host?.close());

  it('no pressure while all is well: one is in use, one has a burst, one is paused', async () => {
    await host.use();
    const { burst, idle } = host.services;
    expect(await Promise.all([get(burst), get(idle)])).toMatchObject([{ status: 200 }, { status: 200 }]);
    await host.becomes('idle', 'frozen');
    expect(await host.limitOf('burst')).toBe(192);
    expect(await host.notices('pressure')).toEqual([]);
    kills = machineOomKills();
    host.keepAsking();
  });

  it('what a container does at its own limit is no shortage of the host: all goes on', async () => {
    await host.strain.inside();
    await until('it is counted', () => host.strain.stalls(), 120_000);
    const enough = performance.now() + 6_000; // a window is 3 s; of refaults, 5 samples
    while (performance.now() < enough) await host.goesOn();
    expect(host.strain.stalls()).toBe(true);
    expect(await host.notices('pressure')).toEqual([]);
    expect(await host.states()).toEqual(['burst running', 'idle frozen', 'late asleep', 'used running']);
  });

  it('its beginning is told, and what that rests on', async () => {
    await host.strain.begin();
    const reported = await until('it is told', async () => (await host.notices('pressure'))[0], 120_000);
    console.log(`pressure: ${reported.text}`);
    expect(reported).toMatchObject({ level: 'warn', data: { evidence: { signal: host.strain.signal, lasts: expect.any(Number) } } });
  });

  it('bursts are taken back as far as working sets allow', async () => {
    const isBack = async () => {
      const now = await host.limitOf('burst');
      return now < 64 ? now : null;
    };
    expect(await until('the burst is taken back', isBack, 60_000)).toBeGreaterThanOrEqual(48);
  });

  it('who is idle is stopped, though its priority is the highest; who is in use stays, though its is the lowest', async () => {
    await host.becomes('idle', 'asleep');
    const [first] = (await host.notices('stopping')).filter(({ kind, data }) => kind === 'stopping' && data.reason === 'host-pressure');
    expect(first).toMatchObject({ service: 'idle' });
    await host.goesOn();
    expect(await host.states()).toEqual(['burst running', 'idle asleep', 'late asleep', 'used running']);
  });

  it('no further service starts: a client that connects waits', async () => {
    late = get(host.services.late);
    await until('it is noted', async () => (await host.notices('woken')).some(({ service }) => service === 'late'));
    for (let times = 0; times < 5; times++) await host.goesOn();
    expect((await host.notices('starting')).map(({ service }) => service)).not.toContain('late');
  });

  it('its end is told; who waited is served, and who was stopped wakes', async () => {
    await host.strain.end();
    const isOver = async () => {
      const last = (await host.notices('pressure')).at(-1);
      return last?.kind === 'pressure' && last.data.evidence?.level === 'none';
    };
    await until('its end is told', isOver, 120_000);
    expect(await late).toMatchObject({ status: 200, body: 'late' });
    expect(await get(host.services.idle)).toMatchObject({ status: 200, body: 'here' });
    await host.goesOn();
  });

  it('nobody was killed for memory, and the API answered all the time', async () => {
    expect(await oomKillsIn(host.own)).toEqual({ burst: 0, idle: 0, late: 0, used: 0 });
    if (alone) expect(machineOomKills()).toBe(kills);
    for (const { name, ooms, crashes } of await host.views()) expect({ name, ooms, crashes }).toEqual({ name, ooms: 0, crashes: 0 });
    await host.stopAsking();
    const slowest = Math.max(...host.delays);
    console.log(`pressure: ${host.delays.length} answers of the API, the slowest after ${Math.round(slowest)} ms`);
    expect(host.delays.length).toBeGreaterThan(20);
    expect(slowest).toBeLessThan(patience(2_000));
  });
  return () => host;
}
