import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Live, LiveService } from '../../daemon/api/live.js';
import { applyDelta, deltaOf } from '../../daemon/api/live-delta.js';
import { LIVE } from '../scheduler/live.js';
import { view } from '../server/harness.js';

const USAGE = { usage: null, cpu: 1, netIn: null, netOut: null, blockIn: null, blockOut: null, pids: 3, psi: null };

function service(name: string, workingSet: number | null): LiveService {
  return {
    ...view(name),
    id: `shop/${name}`,
    usage: workingSet === null ? null : { ...USAGE, workingSet },
    connections: 0,
    next: null,
    protectedBy: null,
    pinned: false,
    since: null,
    address: null,
  };
}

const WINDOWS = { at: 1, total: 16, free: 3, machines: [{ name: 'vmmemWSL', memory: 7, since: null }] };

const lives = fc
  .record({
    at: fc.nat(100),
    available: fc.constantFrom(1, 2),
    windows: fc.constantFrom({}, { windowsFault: 'interop is off' }, { windows: WINDOWS }, { windows: { ...WINDOWS, machines: [] } }),
    services: fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), used: fc.option(fc.constantFrom(10, 20)) }), {
      selector: ({ name }) => name,
    }),
  })
  .map(
    ({ at, available, windows, services }): Live => ({
      ...LIVE,
      at,
      host: { ...LIVE.host, available, ...windows },
      services: services.map(({ name, used }) => service(name, used)),
    }),
  );

const sorted = (live: Live): Live => ({ ...live, services: live.services.toSorted((a, b) => a.id.localeCompare(b.id)) });

it('a reader that applies each delta sees what is', () => {
  fc.assert(
    fc.property(lives, lives, (before, after) => {
      const delta = deltaOf(before, after);
      const seen = delta ? applyDelta(before, JSON.parse(JSON.stringify(delta))) : { ...before, at: after.at };
      expect(sorted(seen)).toEqual(sorted(after));
    }),
  );
});

it('tells only what changed', () => {
  const before = { ...LIVE, services: [service('a', 10), service('b', 10)] };
  const after = { ...LIVE, at: 5, services: [service('a', 20), service('b', 10)] };
  expect(deltaOf(before, after)).toEqual({ at: 5, services: [{ id: 'shop/a', usage: { ...USAGE, workingSet: 20 } }] });
  expect(deltaOf(before, { ...before, at: 6 })).toBeNull();
});
