import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { EngineEvent } from '../../daemon/model/observed.js';
import type { Containers } from '../../daemon/ports/ports.js';
import { Observer } from '../../daemon/runtime/observe.js';
import type { Event } from '../../daemon/scheduler/state/event.js';
import { EMPTY_WORLD } from '../../daemon/scheduler/state/world.js';
import { silent } from '../activation/harness.js';

const INFO = { kind: 'docker', version: '1', apiVersion: '1', cgroupVersion: '2', memoryTotal: 1, endpoint: '', warnings: [] } as const;

/** An engine that answers, or does not, and ends its events when it is told to. */
function watched() {
  const engine = { isThere: true, events: [] as EngineEvent[], end: null as (() => void) | null };
  const reported: string[] = [];
  let heard = () => {};
  const tell = (what: string) => {
    reported.push(what);
    heard();
  };
  /** Looks again with each thing that is reported. */
  const until = async (holds: () => boolean) => {
    while (!holds())
      await new Promise<void>(resolve => {
        heard = resolve;
      });
  };
  const containers: Partial<Containers> = {
    info: async () => {
      if (!engine.isThere) throw new Error('nobody listens');
      return INFO;
    },
    list: async () => [],
    events: async function* (signal) {
      yield* engine.events;
      await new Promise<void>(resolve => {
        engine.end = () => {
          engine.end = null;
          resolve();
        };
        heard();
        signal.addEventListener('abort', () => resolve());
      });
    },
  };
  const observer = new Observer({
    containers: containers as Containers,
    clock: { now: () => 0, wall: () => 0 },
    log: silent,
    world: () => EMPTY_WORLD,
    post: (event: Event) => tell(event.kind),
    relist: 60_000,
    onCheck: (phase, container) => tell(`check ${phase} in ${container}`),
    onObserved: isFirst => tell(isFirst ? 'first look' : 'look'),
  });
  onTestFinished(() => observer.close());
  return { observer, engine, reported, until };
}

test('looks at everything, then follows events; checks of the engine go past the mailbox', async () => {
  const { observer, engine, reported, until } = watched();
  engine.events.push({ kind: 'checkStarted', id: 'c', exec: 'e', at: 0 }, { kind: 'started', id: 'c', at: 0 });
  expect(observer.engine).toBeNull();
  observer.begin();
  await observer.looked;
  expect(observer.engine).toEqual(INFO);
  await until(() => reported.length === 4);
  expect(reported).toEqual(['observed', 'first look', 'check started in c', 'engine']);
});

test('an engine that is away is a look too, and the first list is the first, however late; one that goes is said to be away', async () => {
  const { observer, engine, reported, until } = watched();
  engine.isThere = false;
  observer.begin();
  await observer.looked;
  expect([reported, observer.engine]).toEqual([['engineLost'], null]);
  engine.isThere = true;
  await until(() => engine.end !== null);
  engine.end?.();
  await until(() => observer.engine === null);
  await until(() => observer.engine !== null);
  expect(reported).toEqual(['engineLost', 'observed', 'first look', 'engineLost', 'observed', 'look']);
});

test('closed it says nothing any more', async () => {
  const { observer, reported } = watched();
  observer.begin();
  await observer.looked;
  observer.close();
  await turn();
  await turn();
  expect(reported).toEqual(['observed', 'first look']);
});
