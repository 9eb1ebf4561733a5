import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceView } from '../../../daemon/api/views.js';
import type { Target } from '../../../daemon/ports/listeners.js';
import { type Home, home } from '../../e2e/support/home.js';
import { freePorts } from '../../e2e/support/ports.js';
import { until } from '../../e2e/support/until.js';
import { ENGINE } from '../../on-engine/support/open-engine.js';
import { firstByte, type Talk, talk, untilFirstByte } from './first-byte.js';
import { IMAGE } from './project.js';
import { Recorder, type Timed } from './recorder.js';
import { Wire } from './wire.js';

/** After a stop, so that the engine's clean-up does not burden the next start, ms. */
const PAUSE = 250;

/** One wake past the daemon: the engine's request, and from its answer to the first byte, ms. */
export interface Bare {
  readonly request: number;
  readonly after: number;
  /** Of `after`, what it took to ask for the address. */
  readonly inspect: number;
}

/** One wake through the daemon. `servedAt`: first byte for somebody who asks the container past the daemon, in the same wake. */
export interface Wake extends Timed {
  readonly servedAt: number;
}

/** A service that sleeps, and a container made like its own that the daemon knows nothing of. */
export interface Sleeper {
  /** Connects to the sleeping service; asleep again when it resolves. */
  ours(): Promise<Wake>;
  /** The engine's request and tries from then on. */
  engines(): Promise<Bare>;
}

interface Inspected {
  readonly Config: Readonly<Record<string, unknown>>;
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly { readonly Type: string; readonly Name?: string }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
}

export interface Sleepers {
  readonly home: Home;
  /** Ups a project with this profile, runs `work` with one of its services, and takes it down again. */
  with(plan: SleeperPlan, work: (sleeper: Sleeper) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface SleeperPlan {
  readonly service: 'api' | 'postgres' | 'redis' | 'instant';
  /** Frozen and thawed, instead of stopped and started. */
  readonly freezes: boolean;
  /** Also asks the container past the daemon while it wakes: the measure of the overhead inside, and work for both. */
  readonly aside: boolean;
}

export function nameOf({ service, freezes }: SleeperPlan): string {
  return freezes ? `${service}-frozen` : service;
}

const PORT = { api: 8080, postgres: 5432, redis: 6379, instant: 8080 };
const TALK: Readonly<Record<SleeperPlan['service'], Talk>> = {
  api: talk('http', '/health/ready'),
  postgres: talk('postgres'),
  redis: talk('redis'),
  instant: talk('http'),
};

/** A daemon of its own that reaches the engine through a recorder. */
export async function openSleepers(): Promise<Sleepers> {
  const own = await home();
  const wire = new Wire();
  const recorder = new Recorder(ENGINE.replace(/^unix:\/\//, ''), join(own.root, 'engine.sock'));
  own.env['LAPTOP_DEV_ENGINE'] = `unix://${join(own.root, 'engine.sock')}`;
  await ok(own, ['daemon', 'start'], own.root);
  return {
    home: own,
    async with(plan, work) {
      const project = `${own.name}-${nameOf(plan)}`;
      const [port = 0, ...others] = await freePorts(4);
      const folder = await own.project(nameOf(plan), filesOf(plan, port));
      const env = { ...portsOf(plan.service, port, others), COMPOSE_PROJECT_NAME: project };
      // The images are made and postgres sets its database up here.
      for (const args of [['up', plan.service], ['stop'], ['up']]) await ok(own, args, folder, env);
      const ring = { own, wire, recorder, plan, project, port };
      const twin = await openTwin(ring);
      try {
        await work({ ours: () => ours(ring), engines: () => twin.wake() });
      } finally {
        await twin.remove();
      }
      await ok(own, ['down', '--volumes', '--yes'], folder, env);
    },
    async close() {
      wire.close();
      await own.close();
      recorder.close();
    },
  };
}

interface Ring {
  readonly own: Home;
  readonly wire: Wire;
  readonly recorder: Recorder;
  readonly plan: SleeperPlan;
  readonly project: string;
  readonly port: number;
}

/** The stores stay up where the API is measured; else they, or the instant server, are alone. */
function filesOf({ service, freezes }: SleeperPlan, port: number): Readonly<Record<string, string>> {
  const idle = freezes ? '{ freezeAfter: 1s, stopAfter: 1h }' : '1s';
  if (service === 'instant') {
    const compose = `services:
  instant:
    image: '${IMAGE}'
    command: [httpd, '-f', '-p', '8080', '-h', /etc]
    ports: ['127.0.0.1:${port}:8080']
    stop_grace_period: 0s
    x-laptop-dev: { protocol: http, start: on-demand, idle: ${idle}, memory: { standard: 32MB, maximum: 64MB } }
`;
    return { 'compose.yaml': compose };
  }
  const stores = ['postgres', 'redis'].map(name => `  ${name}: { start: eager, idle: never }\n`).join('');
  const services = `${service === 'api' ? stores : ''}  ${service}: { start: on-demand, idle: ${idle} }\n`;
  return { 'laptop-dev.yaml': `name: wake\nextends: base\nservices:\n${services}` };
}

function portsOf(service: string, port: number, [one, two, three]: readonly number[]): Record<string, string> {
  const ports: Record<string, string> = { API_PORT: `${one}`, POSTGRES_PORT: `${two}`, REDIS_PORT: `${three}` };
  return { ...ports, [`${service.toUpperCase()}_PORT`]: `${port}` };
}

async function view({ own, project, plan }: Ring): Promise<ServiceView> {
  const found = (await own.client.services(project, false)).find(({ name }) => name === plan.service);
  if (!found) throw new Error(`${project} has no ${plan.service}`);
  return found;
}

function resting(ring: Ring): Promise<unknown> {
  const state = ring.plan.freezes ? 'frozen' : 'asleep';
  return until(`${ring.plan.service} is ${state}`, async () => (await view(ring)).state === state);
}

async function ours(ring: Ring): Promise<Wake> {
  await resting(ring);
  await pause(PAUSE);
  const before = ring.recorder.calls.length;
  const begin = performance.now();
  const aside = servedAside(ring, before);
  const ms = await firstByte({ host: '127.0.0.1', port: ring.port }, TALK[ring.plan.service]);
  if (ms === null) throw new Error(`${ring.plan.service} was not woken: ${(await view(ring)).why}`);
  const calls = ring.recorder.calls.slice(before).filter(call => call.sent < begin + ms);
  const servedAt = await aside;
  await resting(ring);
  await pause(PAUSE);
  return { ms, begin, calls, servedAt };
}

/** Asks the container itself as soon as the engine has started it for the daemon. NaN where it was frozen, or nobody asks. */
async function servedAside({ recorder, wire, plan }: Ring, before: number): Promise<number> {
  if (plan.freezes || !plan.aside) return Number.NaN;
  for (;;) {
    const call = recorder.calls.slice(before).find(each => each.what === 'POST containers start' && !Number.isNaN(each.answered));
    if (call) {
      await untilFirstByte(await addressOf(wire, call.id, plan), TALK[plan.service]);
      return performance.now();
    }
    await pause(1);
  }
}

interface Twin {
  wake(): Promise<Bare>;
  remove(): Promise<void>;
}

/** Image, limits, network, published ports as the service's own; no labels, and volumes of its own. */
async function openTwin(ring: Ring): Promise<Twin> {
  const { own, wire, plan, project } = ring;
  // An `up` starts nothing that sleeps.
  if (plan.freezes) await firstByte({ host: '127.0.0.1', port: ring.port }, TALK[plan.service]);
  const made = await until('it has a container', async () => (await view(ring)).container);
  const seen = await wire.call<Inspected>('GET', `/containers/${made}/json`);
  const { Hostname: _, ...config } = seen.Config;
  const network = Object.keys(seen.NetworkSettings.Networks)[0] ?? '';
  // Its engine refuses now and then to pause what it is checking.
  const quiet = plan.freezes ? { Healthcheck: { Test: ['NONE'] } } : {};
  const body = { ...config, ...quiet, Labels: {}, HostConfig: seen.HostConfig, NetworkingConfig: { EndpointsConfig: { [network]: {} } } };
  const volumes = seen.Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : []));
  const twins = volumes.map((_, index) => `${own.name}-twin${index}`);
  const text = volumes.reduce((json, name, index) => json.replaceAll(`"${name}`, `"${twins[index]}`), JSON.stringify(body));
  const id = await wire.create(`${project}-twin`, JSON.parse(text));
  const wake = (): Promise<Bare> => bare(wire, id, plan);
  await wire.start(id);
  await untilFirstByte(await addressOf(wire, id, plan), TALK[plan.service]);
  await rest(wire, id, plan);
  return {
    async wake() {
      const result = await wake();
      await rest(wire, id, plan);
      return result;
    },
    async remove() {
      await wire.remove(id);
      for (const name of twins) await wire.call('DELETE', `/volumes/${name}`);
    },
  };
}

async function bare(wire: Wire, id: string, plan: SleeperPlan): Promise<Bare> {
  const begin = performance.now();
  // What is frozen has kept its address.
  const known = plan.freezes ? await addressOf(wire, id, plan) : null;
  const asked = plan.freezes ? performance.now() : begin;
  await wire.call('POST', `/containers/${id}/${plan.freezes ? 'unpause' : 'start'}`);
  const answered = performance.now();
  const at = known ?? (await addressOf(wire, id, plan));
  const inspected = performance.now();
  await untilFirstByte(at, TALK[plan.service]);
  return { request: answered - asked, after: performance.now() - answered, inspect: inspected - answered };
}

async function addressOf(wire: Wire, id: string, { service }: SleeperPlan): Promise<Target> {
  const { NetworkSettings } = await wire.call<Inspected>('GET', `/containers/${id}/json`);
  return { host: Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '', port: PORT[service] };
}

async function rest(wire: Wire, id: string, { service, freezes }: SleeperPlan): Promise<void> {
  await wire.call('POST', `/containers/${id}/${freezes ? 'pause' : `stop?t=${service === 'instant' ? 0 : 30}`}`);
  await pause(PAUSE);
}

async function ok(own: Home, args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<void> {
  const { code, stdout, stderr } = await own.cli(args, { cwd, env: { ...own.env, ...env }, timeout: 900_000 });
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
}
