import { expect, test } from 'vitest';
import type { Log } from '../../daemon/ports/ports.js';
import type { ReclaimCache } from '../../daemon/ports/reclaim.js';
import { type Effects, execute } from '../../daemon/runtime/effects/executors.js';
import type { Event } from '../../daemon/scheduler/state/event.js';

test('what giving back has brought is posted, and it ends when a service starts', async () => {
  const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const brought = { windows: true, before: { free: 1, cache: 9 }, after: { free: 5, cache: 4 }, why: null };
  let isStarting = false;
  const seen: unknown[] = [];
  const giveBack: ReclaimCache = async ({ containers, vm }, goesOn) => {
    seen.push(containers, vm, goesOn());
    isStarting = true;
    seen.push(goesOn());
    return brought;
  };
  const posted = await new Promise<Event>(post => {
    const effects: Partial<Effects> = { log: quiet, reclaimCache: giveBack, isAnyStarting: () => isStarting, post };
    execute({ kind: 'reclaim', containers: ['c1'], vm: true }, effects as Effects);
  });
  expect(posted).toEqual({ kind: 'reclaimed', ...brought });
  expect(seen).toEqual([['c1'], true, true, false]);
});
