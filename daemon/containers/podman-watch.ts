import { LABEL } from '../core/labels.js';
import type { EngineEvent } from '../core/observed.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { type Inspected, mapInspect } from './map-inspect.js';
import { createOomMemory, machineOomKills, oomKills } from './oom-counter.js';
import { watchHealth } from './podman-health.js';

/** How often the OOM counters are read, in ms: 0.05 ms of CPU a container. */
const LOOK_EVERY = 1000;

interface Watched {
  readonly pid: number;
  kills: number;
  /** When the last oom event of this run went out; ms since the epoch. */
  toldAt: number;
  readonly health: { look(): void; stop(): void };
}

/**
 * Completes Podman's events with what it leaves out: it has no oom events, and its health events come before the result. Counters
 * of the kernel and inspect fill the gap; the events that come out are the same as Docker's.
 */
export async function* completed(
  connection: Connection,
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

function createWatch(connection: Connection, emit: (event: EngineEvent) => void) {
  const watched = new Map<string, Watched>();
  /** Kills of this machine that belong to a container that is known. */
  let explained = 0;
  const countKills = (id: string, each: Watched): void => {
    const kills = oomKills(id, each.pid);
    if (kills === null || kills <= each.kills) return;
    explained += kills - each.kills;
    each.kills = kills;
    each.toldAt = Date.now();
    emit({ kind: 'oom', id, at: Date.now() });
  };
  const machine = createOomMemory(() => machineOomKills() - explained);
  /** Containers that were sent a signal through the engine: their end was asked for. */
  const signalled = new Set<string>();
  const count = (): void => watched.forEach((each, id) => void countKills(id, each));
  const round = (): void => {
    count();
    machine.sample(Date.now());
  };
  round();
  const timer = setInterval(round, LOOK_EVERY).unref();
  const drop = (id: string): void => {
    watched.get(id)?.health.stop();
    watched.delete(id);
  };
  const add = async (id: string, run: 'new' | 'adopted'): Promise<void> => {
    drop(id);
    const inspected = await look(connection, id);
    const pid = inspected ? mapInspect(inspected).pid : null;
    if (!inspected || pid === null) return;
    const health = watchHealth(connection, inspected, result => emit({ kind: 'health', id, at: Date.now(), health: result }));
    // From 0 in a new run: a kill in its first milliseconds is to be told too. What happened before an adoption is not news.
    watched.set(id, { pid, kills: run === 'new' ? 0 : (oomKills(id, pid) ?? 0), toldAt: 0, health });
  };
  /** Died at the limit: said before the death, as Docker does. Podman's own mark is missing when the end came within milliseconds. */
  const lastWords = async (id: string, at: number, exitCode: number): Promise<void> => {
    const told = at - (watched.get(id)?.toldAt ?? 0) < 2 * LOOK_EVERY;
    drop(id);
    count();
    const asked = signalled.delete(id);
    if (exitCode !== 137 || asked || told) return;
    if (!machine.roseBefore(at) && !(await look(connection, id))?.State?.OOMKilled) return;
    explained += 1;
    emit({ kind: 'oom', id, at });
  };
  const pass = async (event: EngineEvent): Promise<void> => {
    if (event.kind === 'health') return watched.get(event.id)?.health.look();
    if (event.kind === 'killed') signalled.add(event.id);
    if (event.kind === 'died') await lastWords(event.id, event.at, event.exitCode);
    emit(event);
    if (event.kind === 'started') await add(event.id, 'new');
  };
  const close = (): void => {
    clearInterval(timer);
    for (const id of [...watched.keys()]) drop(id);
  };
  return { add, pass, close };
}

async function running(connection: Connection, instance: string): Promise<string[]> {
  const filters = { label: [`${LABEL.instance}=${instance}`] };
  const found = await connection.call('list containers', DEADLINE.quick, (client, abortSignal) =>
    client.listContainers({ filters, abortSignal }),
  );
  return found.map(each => each.Id);
}

/** Null: gone, or the engine does not answer, which its event stream will say. */
async function look(connection: Connection, id: string): Promise<Inspected | null> {
  try {
    return await connection.call('inspect', DEADLINE.quick, (client, abortSignal) => client.getContainer(id).inspect({ abortSignal }));
  } catch {
    return null;
  }
}
