import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { Plan } from '../../daemon/api/plan.js';
import type { ServiceView } from '../../daemon/api/views.js';
import { Client } from '../../daemon/client/client.js';
import type { ProjectSpec } from '../../daemon/model/spec.js';
import type { Supervisor } from '../../daemon/runtime/supervisor.js';
import type { Answer } from '../../daemon/scheduler/state/event.js';
import { buildApp } from '../../daemon/server/app.js';
import { REQUEST_LIMITS, type RequestLimits } from '../../daemon/server/bare-app.js';
import { listenUnix } from '../../daemon/server/listen.js';
import type { Failure } from '../../daemon/shared/failure.js';
import { LIVE } from '../scheduler/live.js';
import { containerSpec, projectSpec, serviceSpec } from '../scheduler/specs.js';

export const MB = 1024 * 1024;

export function view(name: string, extra: Partial<ServiceView> = {}): ServiceView {
  return {
    project: 'shop',
    name,
    profile: 'minimal',
    runtime: null,
    state: 'running',
    health: 'healthy',
    ready: 'probed',
    enginePorts: [],
    speaks: [],
    ports: [],
    memory: { standard: 256 * MB, grant: 512 * MB, maximum: 512 * MB, workingSet: 100 * MB },
    stopsIn: null,
    why: 'it is eager in profile minimal',
    container: `${name}-container`,
    dependsOn: [],
    loading: null,
    crashes: 0,
    ooms: 0,
    ...extra,
  };
}

/** As clients see it: they show the text, and `data` is of no account to them. */
export function notice(seq: number, service: string, kind: LoggedNotice['kind'], text: string = kind, project = 'shop'): LoggedNotice {
  return { seq, at: 1_700_000_000_000 + seq, project, service, level: 'info', kind, data: {}, text } as LoggedNotice;
}

export const EMPTY_PLAN: Plan = {
  starts: [],
  keeps: [],
  stops: [],
  sleeps: [],
  evicts: [],
  shrinks: [],
  budget: 8192 * MB,
  grantedBefore: 0,
  grantedAfter: 0,
};
export const PLAN: Plan = {
  ...EMPTY_PLAN,
  starts: [{ id: 'shop/api', grant: 512 * MB, standard: 256 * MB, recreate: false }],
  grantedAfter: 512 * MB,
};

/** A supervisor in memory: quiet, obedient, with what a test replaces. `emit` sends a notice to the subscribers. */
export interface Fake {
  readonly supervisor: Supervisor;
  readonly calls: unknown[][];
  readonly listeners: Set<(notice: LoggedNotice) => void>;
  emit(value: LoggedNotice): void;
}
export function fake(parts: Partial<Supervisor> = {}, past: readonly LoggedNotice[] = []): Fake {
  const calls: unknown[][] = [];
  const listeners = new Set<(notice: LoggedNotice) => void>();
  const answer: Answer = { ok: true, plan: PLAN };
  const supervisor: Supervisor = {
    info: { version: '9.9.9', pid: 42, instance: 'abc', startedAt: 1_700_000_000_000 },
    engine: () => null,
    leases: () => [],
    act: async (...args) => {
      calls.push(['act', ...args]);
      return answer;
    },
    settled: async (...args) => {
      calls.push(['settled', ...args.slice(0, 2)]);
      return null;
    },
    services: async () => [view('api'), view('db')],
    projects: () => [{ name: 'shop', root: '/home/me/shop', profile: 'minimal' }],
    budget: async () => ({ budget: 8192 * MB, granted: 0, standard: 0, workingSet: 0, hostTotal: 1, hostAvailable: 1, holders: [] }),
    advice: async () => [],
    live: () => LIVE,
    totals: () => new Map(),
    history: async (_id, _since, slot) => ({ slot, entries: [] }),
    watch: () => () => undefined,
    notices: () => past,
    subscribe: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    logs: () => lines([]),
    exec: async () => Promise.reject(new Error('no exec in this test')),
    clean: async (...args) => {
      calls.push(['clean', ...args]);
      return { containers: [], networks: [], volumes: [] };
    },
    shutdown: async () => {
      calls.push(['shutdown']);
    },
    ...parts,
  };
  return {
    supervisor,
    calls,
    listeners,
    emit: value => {
      for (const listener of listeners) listener(value);
    },
  };
}

export async function* lines<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** The real app on a real Unix socket. `logged`: everything that went to the log, as text. */
export interface Running {
  readonly app: FastifyInstance;
  readonly socket: string;
  readonly logged: string[];
  stop(): Promise<void>;
}
export async function serve(supervisor: Supervisor, limits: Partial<RequestLimits> = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'ld-http-'));
  const logged: string[] = [];
  const keep = (fields: object, message: string) => {
    logged.push(`${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? `${value.stack}` : value))}`);
  };
  const app = buildApp({ supervisor, log: { debug: keep, info: keep, warn: keep, error: keep } }, { ...REQUEST_LIMITS, ...limits });
  const socket = join(folder, 'run', 'daemon.sock');
  await listenUnix(app, socket);
  return {
    app,
    socket,
    logged,
    stop: async () => {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One request as any program could send it. */
export function send(
  socket: string,
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<Reply> {
  const json = method === 'POST' ? { 'content-type': 'application/json' } : {};
  return new Promise((resolve, reject) => {
    const headers = { host: 'laptop-dev', ...json, ...options.headers };
    const request = httpRequest({ socketPath: socket, method, path, headers, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

/** Bytes as they are, and all that comes back until the daemon closes. */
export function sendRaw(socket: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const client = connect(socket, () => client.write(bytes));
    client.on('data', chunk => {
      text += chunk;
    });
    client.on('close', () => resolve(text));
    client.on('error', error => (text === '' ? reject(error) : resolve(text)));
  });
}

export function errorOf(reply: Reply): Failure {
  return JSON.parse(reply.text).error;
}

const CONTAINER = containerSpec({
  image: 'api:1',
  ports: [{ hostIp: '127.0.0.1', host: 3000, container: 3000, protocol: 'tcp' }],
  mounts: [{ kind: 'volume', volume: 'data', target: '/data', readOnly: false, noCopy: false }],
  networks: [{ network: 'default', aliases: [], ipv4: null, ipv6: null }],
  healthcheck: { test: ['CMD', 'true'], interval: 1_000, timeout: 500, startPeriod: null, startInterval: null, retries: 3 },
  readOnly: true,
  capDrop: ['ALL'],
  cpus: 1.5,
  pidsLimit: 100,
});

export function spec(environment: Readonly<Record<string, string>> = {}): ProjectSpec {
  const service = serviceSpec({
    project: 'shop',
    name: 'api',
    memory: { standard: 256 * MB, maximum: 512 * MB },
    protocol: 'http',
    runtime: 'node',
    container: { ...CONTAINER, environment },
    configHash: 'abc',
  });
  return projectSpec({ name: 'shop', root: '/home/me/shop', profile: 'minimal', services: [service] });
}

/** Each item of a stream, when it has ended. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** A client of the real app over a supervisor made up for the test; closed when the test has ended. */
export async function connected(double: ReturnType<typeof fake>) {
  const running = await serve(double.supervisor);
  onTestFinished(() => running.stop());
  return { double, running, client: new Client(running.socket) };
}
