import type { MountSpec } from '../../../model/spec.js';
import type { Files } from '../loading/files.js';
import type { Cursor } from '../tree/cursor.js';
import type { ComposeProject } from '../types.js';
import { locator } from './locate.js';
import { checkReferences } from './references.js';
import { networkSpecs, volumeSpecs } from './resource-specs.js';
import { fileDefinitions } from './secrets.js';
import { type NormalisedService, normaliseService, type ServiceContext } from './service.js';
import { warnUnsupported } from './unsupported.js';

const MAX_PORTS = 5000;
const TOP_KEYS = ['name', 'services', 'networks', 'volumes', 'secrets', 'configs', 'include', 'version'];

/** A merged model in long form: services of active profiles, and the networks and volumes that they use. */
export async function normaliseProject(
  model: Cursor,
  name: string,
  profiles: readonly string[],
  files: Files,
): Promise<Omit<ComposeProject, 'sources' | 'realSources'>> {
  // `version` says nothing any more; it stands in half of all files.
  warnUnsupported(model, TOP_KEYS);
  const around = surroundings(model, name, files);
  const services: NormalisedService[] = [];
  const inactive = new Map<string, readonly string[]>();
  for (const [key, cursor] of model.get('services')?.entries() ?? []) {
    if (tooMuch(services, model)) break;
    const own = cursor.get('profiles')?.texts() ?? [];
    if (isActive(own, profiles)) services.push(await normaliseService(key, cursor, around));
    else inactive.set(key, own);
  }
  if (services.length === 0 && inactive.size === 0 && !model.report.has(() => true))
    model.report.error(model.location, 'services', 'no service is defined', { expected: 'services:' });
  if (!model.report.full) checkReferences(services, inactive, model.report);
  const containers = services.map(({ service }) => service.container);
  return {
    name,
    services: services.map(({ service }) => service),
    networks: networkSpecs(
      model,
      name,
      containers.flatMap(({ networks }) => networks),
    ),
    locate: locator(model),
    volumes: volumeSpecs(model, name, new Set(containers.flatMap(({ mounts }) => mounts.flatMap(namedVolume)))),
  };
}

function surroundings(model: Cursor, project: string, files: Files): ServiceContext {
  const keys = (section: string): Set<string> => new Set((model.get(section)?.entries() ?? []).map(([key]) => key));
  const [secrets, configs] = [fileDefinitions(model, 'secret'), fileDefinitions(model, 'config')];
  return { project, services: keys('services'), networks: keys('networks'), volumes: keys('volumes'), secrets, configs, files };
}

function namedVolume(mount: MountSpec): string[] {
  return mount.kind === 'volume' && mount.volume !== null ? [mount.volume] : [];
}

/** Whether to stop here: the list of mistakes is full, or more ports are published than any project needs. */
function tooMuch(services: readonly NormalisedService[], model: Cursor): boolean {
  const ports = services.reduce((sum, service) => sum + service.ports.length, 0);
  if (ports > MAX_PORTS) model.report.error(model.location, 'services', `more than ${MAX_PORTS} ports are published`);
  return ports > MAX_PORTS || model.report.full;
}

/** A service without profiles is always active. */
function isActive(own: readonly string[], active: readonly string[]): boolean {
  return own.length === 0 || active.includes('*') || own.some(profile => active.includes(profile));
}
