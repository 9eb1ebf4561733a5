import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { LABEL } from '../../../daemon/model/labels.js';
import { ENGINE } from '../../on-engine/support/open-engine.js';
import { until } from './until.js';

/** What the tests look at in an engine's answer to inspect. */
export interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  /** Id of its image. */
  readonly Image: string;
  readonly State: {
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly ExitCode: number;
    readonly Pid: number;
    readonly OOMKilled: boolean;
    readonly StartedAt: string;
  };
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>>; readonly Env: readonly string[] };
  readonly HostConfig: {
    readonly Memory: number;
    readonly MemorySwap: number;
    readonly MemoryReservation: number;
    readonly PidsLimit: number | null;
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly RestartPolicy: { readonly Name: string };
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  };
}

export interface Listed {
  readonly Id: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  readonly Mounts: readonly { readonly Name?: string }[];
}

type Address = { readonly socketPath: string } | { readonly host: string; readonly port: string };

/** One request to an engine past the code under test, over plain HTTP. Throws on an answer of 400 or more. `body` is sent as JSON. */
export async function engine<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, endpoint = ENGINE): Promise<T> {
  const headers = { host: 'engine', 'content-type': 'application/json' };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ ...address(endpoint), method, path, agent: false, headers });
    call.once('response', resolve);
    call.once('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const answer = await text(response);
  if ((response.statusCode ?? 500) >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
  return (answer === '' ? undefined : JSON.parse(answer)) as T;
}

function address(endpoint: string): Address {
  const url = new URL(endpoint.startsWith('/') ? `unix://${endpoint}` : endpoint);
  return url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: url.port };
}

export function inspect(container: string, endpoint = ENGINE): Promise<Inspected> {
  return engine('GET', `/containers/${container}/json`, undefined, endpoint);
}

/** In any state. */
export function containersOf(instance: string, endpoint = ENGINE, label: string = LABEL.instance): Promise<readonly Listed[]> {
  return engine('GET', `/containers/json?all=true&filters=${labelled(instance, label)}`, undefined, endpoint);
}

export async function networksOf(instance: string): Promise<readonly string[]> {
  const networks = await engine<readonly { Name: string }[]>('GET', `/networks?filters=${labelled(instance)}`);
  return networks.map(({ Name }) => Name);
}

export async function volumesOf(instance: string): Promise<readonly string[]> {
  const { Volumes } = await engine<{ Volumes: readonly { Name: string }[] | null }>('GET', `/volumes?filters=${labelled(instance)}`);
  return (Volumes ?? []).map(({ Name }) => Name);
}

/** Removes all that a daemon's labels are on; containers are killed. What the daemon itself was removing may go meanwhile. */
export async function removeAll(instance: string): Promise<void> {
  // Volumes without a name that a container took over from the one before it are none of its own for the engine.
  const carried = new Set<string>();
  await until('its containers are gone', async () => {
    const all = (await Promise.all([LABEL.instance, LABEL.helperOf].map(label => containersOf(instance, ENGINE, label)))).flat();
    for (const { Mounts } of all) for (const { Name = '' } of Mounts) if (/^[0-9a-f]{64}$/.test(Name)) carried.add(Name);
    await Promise.allSettled(all.map(({ Id }) => engine('DELETE', `/containers/${Id}?force=true&v=true`)));
    return all.length === 0;
  });
  await Promise.all((await networksOf(instance)).map(name => engine('DELETE', `/networks/${name}`)));
  await Promise.all((await volumesOf(instance)).map(name => engine('DELETE', `/volumes/${name}`)));
  await Promise.allSettled([...carried].map(name => engine('DELETE', `/volumes/${name}`)));
}

function labelled(instance: string, label: string = LABEL.instance): string {
  return encodeURIComponent(JSON.stringify({ label: [`${label}=${instance}`] }));
}
