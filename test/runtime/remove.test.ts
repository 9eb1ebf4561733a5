import { expect, test } from 'vitest';
import type { Containers, Log } from '../../daemon/ports/ports.js';
import { type Effects, execute } from '../../daemon/runtime/effects/executors.js';
import type { Event } from '../../daemon/scheduler/state/event.js';
import { FailureError, failure } from '../../daemon/shared/failure.js';
import { observed, service } from '../scheduler/support/specs.js';

const db = service('p', 'db');
const refused = failure('engine-error', 'You cannot remove a running container');

/** An engine with one container, `c-db`; calls are noted. */
function engine(running: boolean, refuses: boolean) {
  const calls: string[] = [];
  let isRunning = running;
  const containers: Partial<Containers> = {
    remove: async id => {
      calls.push(`remove ${id}`);
      if (isRunning || refuses) throw new FailureError(refused);
    },
    inspect: async id => observed(db, { id, ...(isRunning ? {} : { status: 'exited', exitCode: 0 }) }),
    stop: async id => {
      calls.push(`stop ${id}`);
      isRunning = false;
    },
  };
  return { calls, containers };
}

function run(containers: Partial<Containers>): Promise<Event> {
  const quiet: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  return new Promise(resolve => {
    const effects: Partial<Effects> = { containers: containers as Containers, log: quiet, post: resolve };
    execute({ kind: 'remove', id: 'p/db', container: 'c-db', anonymousVolumes: false }, effects as Effects);
  });
}

test('a container that runs after all is stopped and removed: an earlier daemon had begun to start it', async () => {
  const { calls, containers } = engine(true, false);
  expect(await run(containers)).toEqual({ kind: 'removed', id: 'p/db', container: 'c-db' });
  expect(calls).toEqual(['remove c-db', 'stop c-db', 'remove c-db']);
});

test('a removal that the engine refuses is reported as that', async () => {
  const { calls, containers } = engine(false, true);
  expect(await run(containers)).toEqual({ kind: 'removeFailed', id: 'p/db', container: 'c-db', failure: refused });
  expect(calls).toEqual(['remove c-db']);
});
