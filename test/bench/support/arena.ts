import { join } from 'node:path';
import type { VersionView } from '../../../daemon/api/contract.js';
import type { Mutations } from '../../../daemon/client/client.js';
import { createConnection } from '../../../daemon/engine/client/connection.js';
import { createOptions } from '../../../daemon/engine/mapping/create-options.js';
import type { ProjectSpec } from '../../../daemon/model/spec.js';
import { type Home, home } from '../../e2e/support/home.js';
import { until } from '../../e2e/support/until.js';
import { ENGINE } from '../../on-engine/support/open-engine.js';
import { benchProject, CHECK } from './project.js';
import { Recorder, type Timed } from './recorder.js';
import { Wire } from './wire.js';

/** Between two starts, so that the engine's clean-up after one does not burden the next, ms. */
const PAUSE = 150;

/** Starts of one service, through the daemon and past it. Each leaves things as it found them. */
export interface Starts {
  /** Through the daemon, without a container to begin with. */
  readonly fresh: () => Promise<Timed>;
  /** Through the daemon, with a stopped container, as after every idle time. */
  readonly again: () => Promise<Timed>;
  /** The engine's own create and start, and with a health check its first run. ms */
  readonly engineFresh: () => Promise<number>;
  readonly engineAgain: () => Promise<number>;
}

export interface Arena {
  readonly plain: Starts;
  readonly checked: Starts;
  version(): Promise<VersionView>;
  close(): Promise<void>;
}

interface Ring {
  readonly home: Home;
  readonly wire: Wire;
  readonly recorder: Recorder;
  readonly spec: ProjectSpec;
  /** Body of POST /containers/create: what the daemon itself sends for the service, under labels of nobody. */
  readonly body: object;
}

/** A daemon of its own, which reaches the engine through a recorder, and two projects that it knows. */
export async function openArena(): Promise<Arena> {
  const own = await home();
  const wire = new Wire();
  const recorder = new Recorder(ENGINE.replace(/^unix:\/\//, ''), join(own.root, 'engine.sock'));
  own.env['LAPTOP_DEV_ENGINE'] = `unix://${join(own.root, 'engine.sock')}`;
  await own.cli(['daemon', 'start']);
  const ring = (suffix: string, check: typeof CHECK) => openRing(own, wire, recorder, suffix, check);
  return {
    plain: startsOf(await ring('plain', null)),
    checked: startsOf(await ring('checked', CHECK)),
    version: () => own.client.version(),
    async close() {
      wire.close();
      await own.close();
      recorder.close();
    },
  };
}

async function openRing(own: Home, wire: Wire, recorder: Recorder, suffix: string, check: typeof CHECK): Promise<Ring> {
  const spec = benchProject(`${own.name}-${suffix}`, own.root, ['app'], check);
  const [service] = spec.services;
  if (!service?.container) throw new Error('the project has no service');
  const connection = createConnection({ url: ENGINE, tls: null });
  const { networks, profile, root } = spec;
  const options = { grant: service.memory.maximum, profile, projectRoot: root, networks, volumes: [], carryOver: {}, wiring: '' };
  const { body } = createOptions(service, service.container, options, await connection.facts(), 'nobody');
  connection.close();
  const ring = { home: own, wire, recorder, spec, body };
  await act(ring, 'up', { spec, services: null, wait: true });
  await stop(ring);
  return ring;
}

function startsOf(ring: Ring): Starts {
  const { home: own, wire, spec, body } = ring;
  const check = spec.services[0]?.container?.healthcheck?.test.slice(1) ?? null;
  const create = () => wire.create(`${own.name}-engine`, body);
  return {
    async fresh() {
      await remove(ring);
      return timedStart(ring);
    },
    again: () => timedStart(ring),
    async engineFresh() {
      const begin = performance.now();
      const id = await create();
      await wire.start(id);
      if (check) await wire.exec(id, check);
      const ms = performance.now() - begin;
      await wire.remove(id);
      await pause();
      return ms;
    },
    async engineAgain() {
      const id = await create();
      await wire.start(id);
      await wire.call('POST', `/containers/${id}/stop?t=0`);
      await pause();
      const begin = performance.now();
      await wire.start(id);
      const ms = performance.now() - begin;
      await wire.remove(id);
      await pause();
      return ms;
    },
  };
}

/** From the request to the line that says it is ready. */
async function timedStart(ring: Ring): Promise<Timed> {
  const before = ring.recorder.calls.length;
  const begin = performance.now();
  await act(ring, 'start', { services: ['app'], wait: true });
  const end = performance.now();
  const calls = ring.recorder.calls.slice(before);
  await stop(ring);
  await pause();
  return { ms: end - begin, begin, calls };
}

async function act<Kind extends keyof Mutations>({ home: { client }, spec }: Ring, kind: Kind, body: Mutations[Kind]): Promise<void> {
  for await (const line of client.act(spec.name, kind, body)) {
    if (line.type === 'result' && !line.ok) throw new Error(`${kind}: ${line.error?.message}`);
  }
}

function stop(ring: Ring): Promise<void> {
  return act(ring, 'stop', { services: ['app'], wait: true });
}

/** Removes the stopped container behind the daemon's back and waits until the engine's event has told it. */
async function remove({ home: { client }, wire, spec }: Ring): Promise<void> {
  const container = async () => (await client.services(spec.name, false))[0]?.container ?? null;
  const id = await container();
  if (id === null) return;
  await wire.remove(id);
  await until('the daemon has heard of it', async () => (await container()) === null);
}

function pause(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, PAUSE));
}
