import { beforeEach, expect, test } from 'vitest';
import { PLAIN_ACTIVATION } from '../../daemon/model/spec.js';
import type { Counters, Redirect, RedirectManager } from '../../daemon/ports/redirects.js';
import { Redirector } from '../../daemon/runtime/endpoints/redirector.js';
import { EMPTY_WORLD, type ServiceEntry, type World } from '../../daemon/scheduler/state/world.js';
import { type Failure, failure } from '../../daemon/shared/failure.js';
import { silent } from '../activation/harness.js';
import { running } from '../scheduler/support/running.js';

const ID = 'p/app';
const REDIRECT: Redirect = { service: ID, hostIp: '127.0.0.1', port: 15432, to: { host: '172.18.0.2', port: 5432 } };

/** A kernel that takes what it is told; a test changes what it finds. */
let kernel: {
  sets: (readonly Redirect[])[];
  failed: Failure | null;
  refused: string | null;
  counters: Counters;
  open: number;
  /** Answers in turn; after the last: nothing is under way. */
  held: string[];
  asked: number;
  closed: number;
};
let world: World;
let now: number;
/** With a helper or not, at each time. */
let opened: boolean[];
let redirector: Redirector;

function path(): RedirectManager {
  return {
    available: { how: 'nft' },
    used: 256,
    refuses: () => kernel.refused,
    set: async redirects => {
      kernel.sets.push(redirects);
      return kernel.failed;
    },
    use: () => kernel.counters,
    open: () => kernel.open,
    heldBy: async () => {
      kernel.asked++;
      return kernel.held.shift() ?? null;
    },
    close: async () => {
      kernel.closed++;
      return null;
    },
  };
}

function redirectorOn(open: ((helper: boolean) => Promise<RedirectManager>) | null): Redirector {
  const containers = { exec: () => Promise.reject(new Error('the fake asks nobody')) };
  return new Redirector({ open, containers, clock: { now: () => now, wall: () => now }, log: silent, world: () => world });
}

/** The world has this service only. */
async function become(...entries: ServiceEntry[]): Promise<void> {
  world = { ...EMPTY_WORLD, services: new Map(entries.map(entry => [ID, entry])) };
  redirector.update(world);
  await new Promise(setImmediate);
}

async function begin(): Promise<void> {
  redirector.begin();
  await new Promise(setImmediate);
}

beforeEach(() => {
  kernel = { sets: [], failed: null, refused: null, counters: { bytes: 1_000, connections: 0 }, open: 0, held: [], asked: 0, closed: 0 };
  [world, now, opened] = [EMPTY_WORLD, 1_000, []];
  redirector = redirectorOn(async helper => {
    opened.push(helper);
    return path();
  });
});

test('nothing is asked of the kernel before it is known what runs; then rules that an earlier daemon left go', async () => {
  await become(running());
  expect([opened, kernel.sets]).toEqual([[], []]);
  await begin();
  expect([opened, kernel.sets]).toEqual([[false], [[REDIRECT]]]);
  redirector = redirectorOn(async () => path());
  kernel.sets = [];
  world = EMPTY_WORLD;
  await begin();
  expect(kernel.sets).toEqual([[]]);
});

test('rules are set when it runs, not again for what does not change them, and taken away when it does not run any more', async () => {
  await begin();
  await become(running());
  await become(running());
  expect(kernel.sets).toEqual([[], [REDIRECT]]);
  await become(running({ frozen: true }));
  await become(running());
  await become(running({ state: { kind: 'stopping', grant: 1, container: 'c1', since: 0, after: { kind: 'sleep' }, retryAt: null } }));
  await become(running({ state: { kind: 'asleep', exit: null } }));
  expect(kernel.sets.slice(2)).toEqual([[], [REDIRECT], []]);
});

test('use is what moved since the last use, or a new connection; small amounts add up', async () => {
  await begin();
  await become(running());
  const look = (bytes: number, connections: number): number | null => {
    now += 10_000;
    kernel.counters = { bytes, connections };
    return redirector.seen(ID)?.lastByteAt ?? null;
  };
  expect(look(1_200, 0)).toBeNull();
  expect(look(1_255, 0)).toBeNull();
  expect(look(1_256, 0)).toBe(now);
  expect(redirector.seen(ID)).toEqual({ connections: 0, lastByteAt: now, moving: true, rhythm: null });
  const last = now;
  expect(look(1_400, 0)).toBe(last);
  expect(redirector.seen(ID)?.moving).toBe(false);
  expect(look(1_400, 2)).toBe(now);
  const second = now;
  expect(look(1_400, 1), 'one that has gone is no use').toBe(second);
  expect(look(1_400, 2), 'one that has come after it is').toBe(now);
});

test('before it is put to sleep the rule goes and it is asked; restore brings the rule back', async () => {
  await begin();
  await become(running());
  expect(await redirector.check(ID)).toBeNull();
  expect([kernel.asked, kernel.sets.at(-1)]).toEqual([0, []]);
  redirector.restore(ID);
  await redirector.release('p/other');
  expect(kernel.sets.at(-1)).toEqual([REDIRECT]);
  kernel.open = 2;
  kernel.held = ['1 idle in a transaction'];
  expect(await redirector.check(ID)).toBe('1 idle in a transaction');
  redirector.restore(ID);
  await new Promise(setImmediate);
  const before = kernel.sets.length;
  kernel.counters = { bytes: 5_000, connections: 1 };
  expect(await redirector.check(ID), 'it is used just now: there is nothing to ask').toBeNull();
  expect([kernel.asked, kernel.sets.length]).toEqual([1, before]);
});

test('what was released stays so while it runs, and is forgotten with the run', async () => {
  await begin();
  await become(running());
  await redirector.release(ID);
  await become(running());
  expect(kernel.sets).toEqual([[], [REDIRECT], []]);
  await become(running({ state: { kind: 'asleep', exit: null } }));
  await become(running({ container: 'c2' }));
  expect(kernel.sets.at(-1)).toEqual([REDIRECT]);
});

test('a stop waits for what is under way, and no longer than it may', async () => {
  await begin();
  await become(running());
  kernel.open = 1;
  kernel.held = ['busy', 'busy'];
  await redirector.drain(ID, 60_000);
  expect([kernel.sets.at(-1), kernel.asked]).toEqual([[], 3]);
  kernel.held = Array.from({ length: 1_000 }, () => 'busy');
  const ended = redirector.drain(ID, 5_000);
  now += 5_000;
  await ended;
  expect(kernel.asked).toBeLessThan(6);
});

test('a failure is no end: the rules are tried again when they are to change', async () => {
  kernel.failed = failure('kernel-path', 'no');
  await begin();
  await become(running());
  kernel.failed = null;
  await become(running({ frozen: true }));
  await become(running());
  expect(kernel.sets.at(-1)).toEqual([REDIRECT]);
});

test('what the kernel refuses, or cannot do at all, the daemon carries', async () => {
  kernel.refused = 'the container’s address is not on a bridge of this machine';
  await begin();
  await become(running());
  expect([kernel.sets, redirector.ids(), redirector.seen(ID), await redirector.check(ID)]).toEqual([[[]], [], null, null]);
  for (const open of [null, async () => ({ ...path(), available: { reason: 'no nft' } }), () => Promise.reject(new Error('no'))]) {
    redirector = redirectorOn(open);
    await begin();
    await become(running());
    expect([redirector.ids(), redirector.seen(ID)]).toEqual([[], null]);
    await redirector.close();
  }
});

test('a helper sets them only where a service asks for the kernel by name', async () => {
  redirector = redirectorOn(async helper => {
    opened.push(helper);
    return helper ? { ...path(), available: { how: 'helper' } } : { ...path(), available: { reason: 'it needs CAP_NET_ADMIN' } };
  });
  await begin();
  await become(running());
  expect([opened, kernel.sets]).toEqual([[false], []]);
  const spec = { activation: { ...PLAIN_ACTIVATION, path: 'kernel' as const } };
  await become(running({ spec }));
  await become(running({ spec }));
  expect([opened, kernel.sets]).toEqual([[false, true], [[REDIRECT]]]);
});

test('at the end all rules go', async () => {
  await begin();
  await become(running());
  await redirector.close();
  await become(running({ container: 'c2' }));
  expect([kernel.sets.length, kernel.closed]).toEqual([2, 1]);
});
