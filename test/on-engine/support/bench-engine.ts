import { randomBytes } from 'node:crypto';
import { createContainers } from '../../../daemon/engine/containers.js';
import { LABEL } from '../../../daemon/model/labels.js';
import type { EngineEvent } from '../../../daemon/model/observed.js';
import type { ContainerSpec, NetworkSpec, ServiceSpec } from '../../../daemon/model/spec.js';
import type { Containers, LaunchOptions, Log } from '../../../daemon/ports/ports.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { patience } from '../../e2e/support/until.js';
import { containerSpec, defaultNetwork, serviceSpec } from '../../scheduler/specs.js';
import { ENGINE, openEngine } from './open-engine.js';
import { removeImage, tinyImage } from './tiny-image.js';

/** Each test file has a process, and so an image, of its own. */
export const IMAGE = `ldt-cont-tiny:${process.pid}`;
export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** An adapter with an instance and a project of its own on the real engine, and what tests do with it again and again. */
export interface Bench {
  readonly containers: Containers;
  readonly project: string;
  readonly instance: string;
  readonly network: NetworkSpec;
  service(name: string, container?: Partial<ContainerSpec>, service?: Partial<ServiceSpec>): ServiceSpec;
  launch(over?: Partial<LaunchOptions>): LaunchOptions;
  /** Creates and starts. */
  run(spec: ServiceSpec, over?: Partial<LaunchOptions>): Promise<string>;
  /** Removes everything with this bench's labels. */
  clear(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  await tinyImage(ENGINE, IMAGE);
  const tag = randomBytes(4).toString('hex');
  const instance = `ldt-cont-${tag}`;
  const project = `ldt-cont-${tag}`;
  const containers = createContainers({ endpoint: ENGINE, instance, log: silent });
  const network = defaultNetwork(project);
  const launch = (over: Partial<LaunchOptions> = {}): LaunchOptions => ({
    grant: 64 * MiB,
    profile: 'test',
    projectRoot: '/tmp/project',
    networks: [network],
    volumes: [],
    carryOver: {},
    wiring: '',
    ...over,
  });
  return {
    containers,
    project,
    instance,
    network,
    launch,
    service: (name, container = {}, service = {}) =>
      serviceSpec({
        project,
        name,
        memory: { standard: 32 * MiB, maximum: 64 * MiB },
        stopTimeout: 1000,
        container: containerSpec({ image: IMAGE, command: ['sleep', '1000'], init: true, ...container }),
        ...service,
      }),
    run: async (spec, over) => {
      const id = await containers.create(spec, launch(over));
      await containers.start(id);
      return id;
    },
    clear: () => clear(containers, project, instance),
  };
}

async function clear(containers: Containers, project: string, instance: string): Promise<void> {
  const client = openEngine(ENGINE);
  // Carried-over volumes are mounted by name, so `v: true` leaves them.
  const carried: string[] = [];
  for (const label of [`${LABEL.instance}=${instance}`, `ldt-cont=${instance}`]) {
    for (const { Id, Mounts } of await client.listContainers({ all: true, filters: { label: [label] } })) {
      carried.push(...Mounts.flatMap(each => (/^[0-9a-f]{64}$/.test(each.Name ?? '') ? [each.Name ?? ''] : [])));
      await client.getContainer(Id).remove({ force: true, v: true });
    }
  }
  for (const name of carried) await containers.removeVolume(name);
  const { networks, volumes } = await containers.projectResources(project);
  for (const name of networks) await containers.removeNetwork(name);
  for (const name of volumes) await containers.removeVolume(name);
  await removeImage(ENGINE, IMAGE);
  containers.close();
}

/** An event with the time of its arrival, ms since the epoch. */
export type Arrived = EngineEvent & { readonly arrived: number };

/** Longest delay of an event, in ms: Podman's file logger is polled by Podman itself, four times a second. */
export async function eventDelay(containers: Containers): Promise<number> {
  return (await containers.info()).kind === 'podman' ? patience(1000) : patience(100);
}

/** Collects events from now on; `until` resolves with the first that fits, seen or to come. */
export async function watchEvents(containers: Containers): Promise<{
  readonly seen: readonly Arrived[];
  until(fits: (event: Arrived) => boolean): Promise<Arrived>;
  stop(): void;
}> {
  const controller = new AbortController();
  const seen: Arrived[] = [];
  const waiting = new Set<() => void>();
  const stream = containers.events(controller.signal)[Symbol.asyncIterator]();
  const reading = (async () => {
    for (let next = await stream.next(); !next.done; next = await stream.next()) {
      seen.push({ ...next.value, arrived: Date.now() });
      for (const wake of waiting) wake();
    }
  })();
  reading.catch(() => undefined);
  // The stream is open once the engine has answered the calls that follow it on the same adapter.
  await containers.info();
  return {
    seen,
    until: fits =>
      new Promise(resolve => {
        const look = (): void => {
          const found = seen.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    stop: () => controller.abort(),
  };
}
