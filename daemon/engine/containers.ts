import { LABEL } from '../model/labels.js';
import type { EngineEvent, ObservedContainer } from '../model/observed.js';
import type { Containers, Log } from '../ports/ports.js';
import { FailureError } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { createConnection, type EngineConnection } from './client/connection.js';
import { DEADLINE } from './client/deadline.js';
import type { TlsMaterial } from './client/endpoint.js';
import { engineStatusOf } from './client/engine-failure.js';
import { mapInfo } from './client/facts.js';
import { mapBounded } from './client/map-bounded.js';
import { createContainer } from './containers/create.js';
import { inspect } from './containers/inspect.js';
import { createOneOff } from './containers/one-off.js';
import { pause, unpause } from './containers/pause.js';
import { removeContainer, removeNetwork, removeVolume } from './containers/remove.js';
import { resize } from './containers/resize.js';
import { exposedByImage, sameImage } from './containers/same-image.js';
import { shrink } from './containers/shrink.js';
import { engineSample } from './containers/stats.js';
import { Guard } from './mount-guard/guard.js';
import { connectFrom } from './networks/connect-from.js';
import { gatewaysOf } from './networks/gateways.js';
import { USUAL_POOLS } from './networks/own-subnet.js';
import { createResources } from './networks/resources.js';
import { explainHeldPort, explainPort } from './published/port-taken.js';
import { readEvents } from './streams/events.js';
import { openExecSession, runProbe } from './streams/exec.js';
import { readLogs } from './streams/logs.js';

export interface ContainersOptions {
  /** unix:///path, a socket path, or tcp://host:port. */
  readonly endpoint: string;
  readonly tls?: TlsMaterial | null;
  /** Value of the label that marks what is ours. */
  readonly instance: string;
  readonly log: Log;
  /** Keeps which containers are paused for a moment, for the next daemon; absent or null: nothing is kept. */
  readonly holdsFile?: string | null;
  /** Ranges from which networks get subnets that the file does not name; null: the engine chooses. Absent: the usual ones. */
  readonly networkPools?: readonly string[] | null;
}

/** Inspects at once: enough to hide the round trips, few enough for four kept-alive sockets. */
const PARALLEL_INSPECTS = 4;

/** The container engine behind `endpoint`, through dockerode. Connects at the first call. */
export function createContainers({
  endpoint,
  tls = null,
  instance,
  log,
  holdsFile = null,
  networkPools = USUAL_POOLS,
}: ContainersOptions): Containers {
  const connection = createConnection({ url: endpoint, tls });
  const resources = createResources(connection, instance, networkPools);
  const guard = new Guard(connection, instance, log, holdsFile);
  const { holds } = guard;
  const beside = createOneOff(connection, instance, log, guard);
  const noticed = new Set<string>();
  const context = { connection, instance, log, warn: (text: string) => void noticed.add(text), guard };
  let undone: Promise<void> | null = null;
  /** What a daemon that was killed left paused goes on before anything is looked at. */
  const undo = (): Promise<void> => {
    undone ??= holds.undoLeft();
    return undone;
  };
  /** One that is paused for a moment runs, to everybody else. */
  const whole = async (since: number, seen: ObservedContainer): Promise<ObservedContainer> =>
    seen.status === 'paused' && (await holds.heldSince(seen.id, since)) ? { ...seen, status: 'running' } : seen;
  return {
    info: async () => mapInfo(await connection.facts(), endpoint, [...noticed]),
    list: async () => {
      await undo();
      const since = performance.now();
      return Promise.all((await list(connection, instance)).map(seen => whole(since, seen)));
    },
    inspect: async id => {
      const since = performance.now();
      const seen = await inspect(connection, id);
      return seen && whole(since, seen);
    },
    exposedBy: reference => exposedByImage(connection, reference),
    sessions: async id => (await inspect(connection, id, true))?.sessions ?? [],
    sameImage: (image, reference) => sameImage(connection, image, reference),
    create: (spec, options) => createContainer(context, spec, options),
    start: (id, spec = null) => startContainer(connection, id, run => guard.start(id, spec, run)),
    stop: async (id, timeout) => {
      await holds.free(id);
      return stop(connection, id, timeout);
    },
    resize: (id, limit) => resize(connection, id, limit),
    shrink: async (id, { from, to, floor }, measure) => {
      const { cgroupVersion } = await connection.facts();
      return shrink(limit => resize(connection, id, limit), measure, cgroupVersion, from, to, floor);
    },
    pause: async id => {
      await holds.free(id);
      return pause(connection, id);
    },
    unpause: async id => {
      await holds.free(id);
      return unpause(connection, id);
    },
    stats: id => engineSample(connection, id),
    remove: async (id, options) => {
      await holds.free(id);
      return removeContainer(connection, id, options.anonymousVolumes);
    },
    projectResources: project => resources.of(project),
    networks: () => resources.networks(),
    ensureResources: async (project, networks, volumes) => {
      const [, made] = await Promise.all([
        Promise.all(networks.map(network => resources.ensureNetwork(project, network))),
        Promise.all(volumes.map(volume => resources.ensureVolume(project, volume))),
      ]);
      return volumes.flatMap(({ name }, index) => (made[index] ? [name] : []));
    },
    gateways: networks => gatewaysOf(connection, networks),
    connectFrom: (from, target, until) => connectFrom(connection, instance, from, target, until),
    explainPort: (hostIp, port, found) => explainHeldPort(connection, hostIp, port, found),
    removeNetwork: name => removeNetwork(connection, name, log),
    removeVolume: name => removeVolume(connection, name),
    probe: async (id, command, timeout) => {
      await holds.free(id);
      return runProbe(connection, id, command, timeout);
    },
    logs: (id, options) => readLogs(connection, id, options),
    exec: async (id, options) => {
      await holds.free(id);
      return openExecSession(connection, id, options);
    },
    beside: (spec, volumes, options) => beside.open(spec, volumes, options),
    removeHelpers: () => beside.removeLeft(),
    events: (signal, since) => notOwn(readEvents(connection, instance, signal, since ?? null), guard),
    close: () => connection.close(),
  };
}

/** Pauses of a moment are nobody else's business. */
async function* notOwn(events: AsyncIterable<EngineEvent>, guard: Guard): AsyncGenerator<EngineEvent> {
  for await (const event of events) if (!guard.holds.isOwn(event)) yield event;
}

async function list(connection: EngineConnection, instance: string): Promise<readonly ObservedContainer[]> {
  const found = await connection.call('list containers', DEADLINE.quick, (client, abortSignal) =>
    client.listContainers({ all: true, filters: { label: [`${LABEL.instance}=${instance}`] }, abortSignal }),
  );
  const inspected = await mapBounded(found, PARALLEL_INSPECTS, each => inspect(connection, each.Id, true));
  return inspected.filter(each => each !== null);
}

/** The engine counts in whole seconds; 0 kills at once. */
async function stop(connection: EngineConnection, id: string, timeout: Ms): Promise<void> {
  try {
    await connection.call(`stop ${id.slice(0, 12)}`, timeout + DEADLINE.stopGrace, (client, abortSignal) =>
      client.getContainer(id).stop({ t: Math.ceil(timeout / 1000), abortSignal }),
    );
  } catch (error) {
    // 304: not running; 404: gone.
    const status = engineStatusOf(error);
    if (status !== 304 && status !== 404) throw error;
  }
}

/** A port can be held for a moment by what is just ending (Podman's proxies, a socket of the service's last run). */
const TRIES = 3;

/** Runs a start when what it mounts is safe to be mounted; see Guard.start. */
type Guarded = (run: () => Promise<void>) => Promise<void>;

/** Starts a container; running already is no error. port-taken names the owner. */
async function startContainer(connection: EngineConnection, id: string, guarded: Guarded): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await guarded(() => startOnce(connection, id));
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code !== 'port-taken') throw error;
      const { failure, gone } = await explainPort(connection, id, error.failure);
      if (!gone || attempt === TRIES) throw new FailureError(failure);
    }
  }
}

async function startOnce(connection: EngineConnection, id: string): Promise<void> {
  try {
    await connection.call(`start ${id.slice(0, 12)}`, DEADLINE.slow, (client, abortSignal) =>
      client.getContainer(id).start({ abortSignal }),
    );
  } catch (error) {
    // 304: it runs already.
    if (engineStatusOf(error) !== 304) throw error;
  }
}
