import { LABEL } from '../../model/labels.js';
import type { EngineEvent } from '../../model/observed.js';
import type { Ms } from '../../shared/span.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { type Inspected, mapInspect } from '../mapping/map-inspect.js';
import { createOomWatch } from './oom-watch.js';
import { type HealthWatch, watchHealth } from './podman-health.js';

/** 128 + SIGKILL. */
const KILLED = 137;

/**
 * Completes Podman's events with what it leaves out: it has no oom events, and its health events come before the result. Counters
 * of the kernel and inspect fill the gap; the events that come out are the same as Docker's.
 */
export async function* completed(
  connection: EngineConnection,
  instance: string,
  stream: AsyncIterable<EngineEvent>,
): AsyncGenerator<EngineEvent> {
  const queue: EngineEvent[] = [];
  let wake = (): void => undefined;
  const watch = createWatch(connection, event => {
    queue.push(event);
    wake();
  });
  let ended = false;
  const reading = (async () => {
    // Opened before anything else, so that nothing is lost while the running ones are looked at.
    const events = stream[Symbol.asyncIterator]();
    const first = events.next();
    first.catch(() => undefined);
    for (const id of await running(connection, instance)) await watch.add(id, 'adopted');
    for (let next = await first; !next.done; next = await events.next()) await watch.pass(next.value);
  })().finally(() => {
    ended = true;
    wake();
  });
  // Awaited below; until then its rejection must not count as unhandled.
  reading.catch(() => undefined);
  try {
    while (!ended || queue.length > 0) {
      const next = queue.shift();
      if (next) yield next;
      else {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    }
    await reading;
  } finally {
    watch.close();
  }
}

function createWatch(connection: EngineConnection, emit: (event: EngineEvent) => void) {
  const ooms = createOomWatch(id => emit({ kind: 'oom', id, at: Date.now() }));
  const health = new Map<string, HealthWatch>();
  /** Containers that were sent a signal through the engine: their end was asked for. */
  const signalled = new Set<string>();
  const drop = (id: string): void => {
    health.get(id)?.stop();
    health.delete(id);
  };
  const add = async (id: string, run: 'new' | 'adopted'): Promise<void> => {
    drop(id);
    const inspected = await look(connection, id);
    const pid = inspected ? mapInspect(inspected).pid : null;
    if (!inspected || pid === null) return;
    ooms.add(id, pid, run);
    health.set(
      id,
      watchHealth(
        connection,
        inspected,
        result => emit({ kind: 'health', id, at: Date.now(), health: result }),
        kind => emit({ kind, id, at: Date.now(), exec: 'health check' }),
      ),
    );
  };
  /** Died at its limit: said before the death, as Docker does. */
  const lastWords = async (id: string, at: Ms, exitCode: number): Promise<void> => {
    drop(id);
    if (signalled.delete(id) || exitCode !== KILLED) return ooms.remove(id);
    const marked = async (): Promise<boolean> => (await look(connection, id))?.State?.OOMKilled ?? false;
    if (await ooms.diedOfIt(id, at, marked)) emit({ kind: 'oom', id, at });
  };
  const pass = async (event: EngineEvent): Promise<void> => {
    if (event.kind === 'health') return health.get(event.id)?.look();
    if (event.kind === 'killed') signalled.add(event.id);
    if (event.kind === 'died') await lastWords(event.id, event.at, event.exitCode);
    emit(event);
    if (event.kind === 'started') await add(event.id, 'new');
  };
  const close = (): void => {
    ooms.close();
    for (const id of [...health.keys()]) drop(id);
  };
  return { add, pass, close };
}

async function running(connection: EngineConnection, instance: string): Promise<string[]> {
  const filters = { label: [`${LABEL.instance}=${instance}`] };
  const found = await connection.call('list containers', DEADLINE.quick, (client, abortSignal) =>
    client.listContainers({ filters, abortSignal }),
  );
  return found.map(each => each.Id);
}

/** Null: gone, or the engine does not answer, which its event stream will say. */
async function look(connection: EngineConnection, id: string): Promise<Inspected | null> {
  try {
    return await connection.call('inspect', DEADLINE.quick, (client, abortSignal) => client.getContainer(id).inspect({ abortSignal }));
  } catch {
    return null;
  }
}
