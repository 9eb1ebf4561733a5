import { LABEL } from '../core/labels.js';
import type { Ms } from '../core/model.js';
import type { ObservedContainer } from '../core/observed.js';
import type { Containers, Log } from '../ports.js';
import { createBeside } from './beside.js';
import { type Connection, createConnection } from './connection.js';
import { createContainer } from './create.js';
import { DEADLINE } from './deadline.js';
import type { TlsMaterial } from './endpoint.js';
import { statusOf } from './engine-failure.js';
import { readEvents } from './events.js';
import { openExec, runProbe } from './exec.js';
import { mapInfo } from './facts.js';

import { gatewaysOf } from './gateways.js';

import { inspect } from './inspect.js';

import { readLogs } from './logs.js';
import { mapBounded } from './map-bounded.js';
import { pause, unpause } from './pause.js';
import { explainHeldPort } from './port-taken.js';
import { removeContainer, removeNetwork, removeVolume } from './remove.js';
import { resize } from './resize.js';
import { createResources } from './resources.js';
import { sameImage } from './same-image.js';
import { shrink } from './shrink.js';
import { startContainer } from './start.js';
import { engineSample } from './stats.js';

export interface ContainersOptions {
  /** unix:///path, a socket path, or tcp://host:port. */
  readonly endpoint: string;
  readonly tls?: TlsMaterial | null;
  /** Value of the label that marks what is ours. */
  readonly instance: string;
  readonly log: Log;
}

/** Inspects at once: enough to hide the round trips, few enough for four kept-alive sockets. */
const PARALLEL_INSPECTS = 4;

/** The container engine behind `endpoint`, through dockerode. Connects at the first call. */
export function createContainers({ endpoint, tls = null, instance, log }: ContainersOptions): Containers {
  const connection = createConnection({ url: endpoint, tls });
  const resources = createResources(connection, instance);
  const beside = createBeside(connection, instance, log);
  const noticed = new Set<string>();
  const context = { connection, instance, log, warn: (text: string) => void noticed.add(text) };
  return {
    info: async () => mapInfo(await connection.facts(), endpoint, [...noticed]),
    list: () => list(connection, instance),
    inspect: id => inspect(connection, id),
    sameImage: (id, reference) => sameImage(connection, id, reference),
    create: (spec, options) => createContainer(context, spec, options),
    start: id => startContainer(connection, id),
    stop: (id, timeout) => stop(connection, id, timeout),
    resize: (id, limit) => resize(connection, id, limit),
    shrink: async (id, { from, to, floor }, measure) => {
      const { cgroupVersion } = await connection.facts();
      return shrink(limit => resize(connection, id, limit), measure, cgroupVersion, from, to, floor);
    },
    pause: id => pause(connection, id),
    unpause: id => unpause(connection, id),
    stats: id => engineSample(connection, id),
    remove: (id, options) => removeContainer(connection, id, options.anonymousVolumes),
    projectResources: project => resources.of(project),
    networks: () => resources.networks(),
    ensureResources: async (project, networks, volumes) => {
      await Promise.all([
        ...networks.map(network => resources.ensureNetwork(project, network)),
        ...volumes.map(volume => resources.ensureVolume(project, volume)),
      ]);
    },
    gateways: networks => gatewaysOf(connection, networks),
    explainPort: (hostIp, port, found) => explainHeldPort(connection, hostIp, port, found),
    removeNetwork: name => removeNetwork(connection, name, log),
    removeVolume: name => removeVolume(connection, name),
    probe: (id, command, timeout) => runProbe(connection, id, command, timeout),
    logs: (id, options) => readLogs(connection, id, options),
    exec: (id, options) => openExec(connection, id, options),
    beside: (spec, volumes, options) => beside.open(spec, volumes, options),
    removeHelpers: () => beside.removeLeft(),
    events: (signal, since) => readEvents(connection, instance, signal, since ?? null),
    close: () => connection.close(),
  };
}

async function list(connection: Connection, instance: string): Promise<readonly ObservedContainer[]> {
  const found = await connection.call('list containers', DEADLINE.quick, (client, abortSignal) =>
    client.listContainers({ all: true, filters: { label: [`${LABEL.instance}=${instance}`] }, abortSignal }),
  );
  const inspected = await mapBounded(found, PARALLEL_INSPECTS, each => inspect(connection, each.Id));
  return inspected.filter(each => each !== null);
}

/** The engine counts in whole seconds; 0 kills at once. */
async function stop(connection: Connection, id: string, timeout: Ms): Promise<void> {
  try {
    await connection.call(`stop ${id.slice(0, 12)}`, timeout + DEADLINE.stopGrace, (client, abortSignal) =>
      client.getContainer(id).stop({ t: Math.ceil(timeout / 1000), abortSignal }),
    );
  } catch (error) {
    // 304: not running; 404: gone.
    const status = statusOf(error);
    if (status !== 304 && status !== 404) throw error;
  }
}
