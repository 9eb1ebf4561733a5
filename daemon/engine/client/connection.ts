import type { Agent } from 'node:http';
import type Dockerode from 'dockerode';
import { FailureError } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { DEADLINE, within } from './deadline.js';
import { createAgent, type Endpoint, parseEndpoint, type TlsMaterial } from './endpoint.js';
import { type EngineFacts, type EngineSystem, type EngineVersion, mapFacts } from './facts.js';
import { loadDockerode } from './load-dockerode.js';

/** A raw call, for what dockerode cannot do: a log as a stream without following it, Podman's own API. */
export interface RawCall {
  readonly method: 'GET' | 'POST';
  /** With a `?` at its end when there is a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly stream?: boolean;
  readonly signal: AbortSignal;
}

/** One engine: the dockerode client in the API version agreed on, and what the engine said about itself. */
export interface EngineConnection {
  readonly url: string;
  /** Asked once per connection, and again after forget(). */
  facts(): Promise<EngineFacts>;
  /** A call under a deadline; see within(). */
  call<T>(what: string, limit: Ms, run: (client: Dockerode, signal: AbortSignal) => Promise<T>): Promise<T>;
  raw<T>(call: RawCall): Promise<T>;
  /** The engine's ids of the commands that this daemon runs in containers: no use of a service by others. */
  readonly execs: Set<string>;
  close(): void;
}

interface Modem {
  dial(options: object, callback: (error: Error | null, data: unknown) => void): void;
}
interface Ready {
  readonly client: Dockerode;
  readonly facts: EngineFacts;
}

export function createConnection(endpoint: Endpoint): EngineConnection {
  const agent = createAgent(endpoint.tls);
  const open = (version?: string): Dockerode => openClient(endpoint, agent, version);
  let ready: Promise<Ready> | null = null;
  const connect = (): Promise<Ready> => {
    if (ready) return ready;
    const asked = negotiate(open);
    asked.catch(() => {
      if (ready === asked) ready = null;
    });
    ready = asked;
    return asked;
  };
  const guarded = async <T>(what: string, limit: Ms, run: (client: Dockerode, signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      const { client } = await connect();
      return await within(what, limit, signal => run(client, signal));
    } catch (error) {
      // The engine that answers next may be another version: ask it again.
      if (error instanceof FailureError && /^engine-(unavailable|timeout)$/.test(error.failure.code)) ready = null;
      throw error;
    }
  };
  return {
    url: endpoint.url,
    facts: () => guarded('info', DEADLINE.quick, async () => (await connect()).facts),
    call: guarded,
    raw: call => dial(open(), call),
    execs: new Set(),
    close: () => agent.destroy(),
  };
}

function openClient({ url, tls }: Endpoint, agent: Agent, version?: string): Dockerode {
  const address = parseEndpoint(url);
  if ('code' in address) throw new FailureError(address);
  const Docker = loadDockerode();
  // `agent` is docker-modem's own option, absent from the published types.
  const options = { ...target(address, tls), ...(version ? { version: `v${version}` } : {}), agent };
  return new Docker(options);
}

function target(address: Exclude<ReturnType<typeof parseEndpoint>, { code: string }>, tls: TlsMaterial | null): Dockerode.DockerOptions {
  if (address.scheme === 'unix') return { socketPath: address.socketPath };
  return { host: address.host, port: address.port, protocol: tls ? 'https' : 'http', ...(tls ?? {}) };
}

/** Asks without a version in the path, which every engine answers, then opens the client in the version agreed on. */
async function negotiate(open: (version?: string) => Dockerode): Promise<Ready> {
  const plain = open();
  // dockerode's own types know no signal here, and without one the requests to an engine that hangs pile up.
  const [version, system] = await within('version and info', DEADLINE.quick, signal =>
    Promise.all([
      dial<EngineVersion>(plain, { method: 'GET', path: '/version', signal }),
      dial<EngineSystem>(plain, { method: 'GET', path: '/info', signal }),
    ]),
  );
  const facts = mapFacts(version, { ...system, ...(await libpodInfo(plain, system)) });
  return { client: open(facts.apiVersion), facts };
}

/** Podman's compatible /info leaves the cgroup version out; its own has it. */
async function libpodInfo(client: Dockerode, system: EngineSystem): Promise<EngineSystem> {
  if (system.CgroupVersion !== undefined) return {};
  try {
    const call = { method: 'GET', path: '/v4.0.0/libpod/info' } as const;
    const own = await within('info', DEADLINE.quick, signal => dial<{ host?: { cgroupVersion?: string } }>(client, { ...call, signal }));
    return own.host?.cgroupVersion === 'v2' ? { CgroupVersion: '2' } : {};
  } catch {
    return {};
  }
}

function dial<T>(client: Dockerode, call: RawCall): Promise<T> {
  const options = {
    method: call.method,
    path: call.path,
    options: { ...call.query },
    isStream: call.stream ?? false,
    abortSignal: call.signal,
    statusCodes: { 200: true, 201: true, 204: true },
  };
  return new Promise((resolve, reject) => {
    (client.modem as Modem).dial(options, (error, data) => (error ? reject(error) : resolve(data as T)));
  });
}
