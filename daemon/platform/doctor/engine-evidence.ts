import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { parseEndpoint } from '../../engine/client/endpoint.js';
import { type FindOptions, type FoundEngine, findEngine } from '../../engine/discovery/find-engine.js';
import { LABEL } from '../../model/labels.js';
import { harmless } from '../../shared/printable.js';
import type { Ms } from '../../shared/span.js';
import type { EngineEvidence, EngineMachine, EngineSeen } from './evidence.js';
import type { NetworkSeen } from './firewall.js';

/** Time limit for an answer of the engine; its sums over images may take longer, and are left out then. */
const LIMIT: Ms = 5000;

/** Finds the engine as the daemon does, and lets it describe itself. */
export async function engineEvidence(options: FindOptions, now: () => Ms): Promise<EngineSeen> {
  const search = await findEngine(options);
  const denied = search.tried.filter(({ reason }) => /permission/i.test(reason)).map(({ endpoint }) => endpoint);
  if (search.found === null) return { engine: null, failure: search.failure, denied };
  return { engine: await describe(search.found, now), failure: null, denied };
}

async function describe(found: FoundEngine, now: () => Ms): Promise<EngineEvidence> {
  const asked = now();
  const [info, version] = await Promise.all([get(found, '/info'), get(found, '/version')]);
  const time = Date.parse(textOf(info, 'SystemTime'));
  const cgroup = textOf(info, 'CgroupVersion');
  const warnings = isRecord(info) && Array.isArray(info['Warnings']) ? info['Warnings'].filter(each => typeof each === 'string') : [];
  return {
    kind: found.kind,
    product: productOf(found, info, version),
    endpoint: found.endpoint,
    version: textOf(version, 'Version') || textOf(info, 'ServerVersion'),
    cgroup: cgroup === '1' || cgroup === '2' ? cgroup : null,
    warnings,
    machine: machineOf(info),
    rootless: isRecord(info) && Array.isArray(info['SecurityOptions']) && info['SecurityOptions'].includes('name=rootless'),
    // The answer was made somewhere between the question and now.
    drift: Number.isNaN(time) ? null : time - (asked + now()) / 2,
    images: imagesOf(await get(found, '/system/df?type=image&type=build-cache')),
  };
}

/** Docker Desktop says its own version in Platform.Name; the others say in OperatingSystem what they are. */
function productOf({ source }: FoundEngine, info: unknown, version: unknown): string {
  const platform = isRecord(version) ? textOf(version['Platform'], 'Name') : '';
  if (/^Docker Desktop/.test(platform)) return platform.replace(/ \(.{0,400}\)$/, '');
  const system = textOf(info, 'OperatingSystem');
  return /^(Docker Desktop|Rancher Desktop)/.exec(system)?.[0] ?? source;
}

function machineOf(info: unknown): EngineMachine {
  const figure = (key: string) => (isRecord(info) && typeof info[key] === 'number' && info[key] > 0 ? info[key] : null);
  const name = (key: string) => harmless(textOf(info, key)).slice(0, LONGEST_NAME) || null;
  return {
    kernel: name('KernelVersion'),
    memory: figure('MemTotal'),
    cpus: figure('NCPU'),
    name: name('Name'),
    system: name('OperatingSystem'),
  };
}

/** Letters of a name that are shown. */
const LONGEST_NAME = 100;

function imagesOf(usage: unknown): EngineEvidence['images'] {
  if (!isRecord(usage) || !Array.isArray(usage['Images'])) return null;
  const built = Array.isArray(usage['BuildCache']) ? usage['BuildCache'] : [];
  const size = (each: unknown) => (isRecord(each) ? Number(each['Size'] ?? 0) : 0);
  const sum = (all: readonly unknown[]) => all.reduce<number>((total, each) => total + Math.max(0, size(each)), 0);
  const unusedImages = usage['Images'].filter(each => isRecord(each) && each['Containers'] === 0);
  const unusedBuild = built.filter(each => isRecord(each) && each['InUse'] === false);
  return { total: sum(usage['Images']) + sum(built), unused: sum(unusedImages) + sum(unusedBuild) };
}

/** Containers with the label of a daemon, as names with project and service; null: the engine does not answer. */
export async function labelledContainers(
  options: FindOptions,
  instance: string,
): Promise<readonly { readonly name: string; readonly project: string; readonly service: string }[] | null> {
  const { found } = await findEngine(options);
  if (found === null) return null;
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.instance}=${instance}`] }));
  const list = await get(found, `/containers/json?all=1&filters=${filters}`);
  if (!Array.isArray(list)) return null;
  return list.filter(isRecord).map(each => {
    const names = Array.isArray(each['Names']) ? String(each['Names'][0] ?? '') : '';
    return {
      name: names.replace(/^\//, ''),
      project: textOf(each['Labels'], LABEL.project),
      service: textOf(each['Labels'], LABEL.service),
    };
  });
}

/** Networks of any daemon of ours whose gateway is an address of this machine. */
export async function ownNetworks(options: FindOptions, isHere: (address: string) => boolean): Promise<readonly NetworkSeen[]> {
  const { found } = await findEngine(options);
  if (found === null || found.kind !== 'docker') return [];
  const filters = encodeURIComponent(JSON.stringify({ label: [LABEL.instance], driver: ['bridge'] }));
  const list = await get(found, `/networks?filters=${filters}`);
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).flatMap(each => {
    const ipam = isRecord(each['IPAM']) && Array.isArray(each['IPAM']['Config']) ? each['IPAM']['Config'] : [];
    const [subnet, gateway] = [textOf(ipam[0], 'Subnet'), textOf(ipam[0], 'Gateway')];
    const bridge = textOf(each['Options'], 'com.docker.network.bridge.name') || `br-${textOf(each, 'Id').slice(0, 12)}`;
    return isHere(gateway) ? [{ name: textOf(each, 'Name'), bridge, gateway, subnet }] : [];
  });
}

/** The JSON of an answer; null when there is none in time. Never rejects. */
function get({ endpoint, tls }: FoundEngine, path: string): Promise<unknown> {
  const address = parseEndpoint(endpoint);
  if ('code' in address) return Promise.resolve(null);
  const target = address.scheme === 'unix' ? { socketPath: address.socketPath } : { host: address.host, port: address.port, ...tls };
  return new Promise(resolve => {
    const request = (tls ? httpsRequest : httpRequest)({ ...target, path, agent: false, signal: AbortSignal.timeout(LIMIT) });
    request.on('error', () => resolve(null));
    request.on('response', response => {
      const chunks: Buffer[] = [];
      response.on('error', () => resolve(null));
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('end', () => resolve(response.statusCode === 200 ? parse(Buffer.concat(chunks).toString('utf8')) : null));
    });
    request.end();
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown, key: string): string {
  const found = isRecord(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : '';
}
