import { describe, expect, it } from 'vitest';
import type { Live, LiveService } from '../../daemon/api/live.js';
import { deltaOf } from '../../daemon/api/live-delta.js';
import { isNews, SubscriberGroup } from '../../daemon/server/stream/subscriber-group.js';
import { LIVE } from '../scheduler/live.js';
import { MB } from './harness.js';
import { change, liveService, USAGE } from './stage.js';

const START: Live = { ...LIVE, services: [liveService('api'), liveService('db')] };

class Subscriber {
  base: Live | null = START;
  isBehind = false;
  skipped = 0;
  readonly sent: unknown[] = [];
  skip(): void {
    this.skipped++;
  }
  sendDelta(live: Live, delta: string | null): void {
    this.base = live;
    if (delta !== null) this.sent.push(JSON.parse(delta).services?.[0]);
  }
}

/** A group at 1 Hz. */
function group(...subscribers: Subscriber[]) {
  const one = new SubscriberGroup<Subscriber>({ every: 1_000, project: null, services: null });
  for (const subscriber of subscribers) one.viewers.add(subscriber);
  return one;
}
const figures = (pids: number, before = START): Live => change('api', { usage: { ...USAGE, pids } })(before);

describe('a subscriber group', () => {
  it('gets figures at its rate: those that come a ms too early or too late do not miss their turn', () => {
    const subscriber = new Subscriber();
    const one = group(subscriber);
    const times = [0, 1_002, 2_001, 2_999, 4_003, 5_000];
    expect(times.map((now, at) => one.publish(figures(at), now))).toEqual(times.map(() => Infinity));
    expect(subscriber.sent).toHaveLength(times.length);
  });

  it('comes to be told figures when they come, wherever between them it began', () => {
    const subscriber = new Subscriber();
    const one = group(subscriber);
    one.publish(figures(-1), 550); // somebody joined
    let late = 0;
    for (let tick = 1; tick <= 20; tick++) {
      const due = one.publish(figures(tick), tick * 1_000);
      late = Number.isFinite(due) ? due - tick * 1_000 : 0;
      if (late > 0) expect(one.publish(figures(tick), due)).toBe(Infinity);
    }
    expect(late).toBe(0);
    expect(subscriber.sent).toHaveLength(21);
  });

  it('is told no more often than it asked for when figures come faster', () => {
    const subscriber = new Subscriber();
    const one = group(subscriber);
    for (let now = 0; now <= 10_000; now += 250) one.publish(figures(now), now);
    expect(subscriber.sent).toHaveLength(11);
  });

  it('gets news at once, with the figures that waited, and figures at their turn all the same', () => {
    const subscriber = new Subscriber();
    const one = group(subscriber);
    one.publish(figures(1), 0);
    expect(one.publish(figures(2), 300)).toBe(900);
    expect(one.publish(change('api', { state: 'failed' })(figures(2)), 400)).toBe(Infinity);
    one.publish(change('api', { state: 'failed' })(figures(3)), 1_000);
    expect(subscriber.sent).toMatchObject([{ usage: { pids: 1 } }, { usage: { pids: 2 }, state: 'failed' }, { usage: { pids: 3 } }]);
  });

  it('skips a subscriber that is behind, and sends it one delta later; each gets what it lacks', () => {
    const [slow, quick] = [new Subscriber(), new Subscriber()];
    const one = group(slow, quick);
    slow.isBehind = true;
    const failed = change('db', { state: 'failed' });
    one.publish(change('api', { state: 'starting' })(START), 0);
    const last = failed(change('api', { state: 'starting' })(START));
    one.publish(last, 10);
    slow.isBehind = false;
    one.publish(last, 20);
    expect([slow.skipped, slow.sent.length, slow.base === last]).toEqual([2, 1, true]);
    expect(quick.sent).toEqual([{ id: 'shop/api', state: 'starting' }, { id: 'shop/db', state: 'failed' }]); // biome-ignore format: short
  });

  it('has a next turn only while a subscriber waits', () => {
    const one = group(new Subscriber());
    expect(one.publish(START, 0)).toBe(Infinity);
    expect(one.publish(figures(1), 5)).toBe(Infinity);
    expect(one.publish(figures(2), 10)).toBe(905);
    expect(one.publish(figures(1), 20)).toBe(Infinity);
  });
});

describe('news', () => {
  const service = (extra: Partial<LiveService>): Live => change('api', extra)(START);
  it.each<[string, Live, boolean]>([
    ['a state', service({ state: 'failed' }), true],
    ['health', service({ health: 'unhealthy' }), true],
    ['a grant', service({ memory: { ...liveService('api').memory, grant: 256 * MB } }), true],
    ['a pin', service({ pinned: true }), true],
    ['a new service', { ...START, services: [...START.services, liveService('new')] }, true],
    ['a service that is gone', { ...START, services: START.services.slice(1) }, true],
    ['the engine', { ...START, engine: null }, true],
    ['pressure', { ...START, host: { ...START.host, pressure: 'soft' } }, true],
    ['the budget', { ...START, budget: { ...START.budget, budget: MB } }, true],
    ['usage', service({ usage: null }), false],
    ['a working set', service({ memory: { ...liveService('api').memory, workingSet: 1 } }), false],
    ['idle time', service({ stopsIn: 5 }), false],
    ['connections', service({ connections: 5 }), false],
    ['available memory', { ...START, host: { ...START.host, available: 1 } }, false],
    ['the sum of working sets', { ...START, budget: { ...START.budget, workingSet: 1 } }, false],
    ['the daemon itself', { ...START, daemon: { ...START.daemon, rss: 1 } }, false],
  ])('%s', (_, after, expected) => {
    const delta = deltaOf(START, after);
    expect(delta && isNews(START, delta)).toBe(expected);
  });
});
