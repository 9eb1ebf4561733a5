import type { Schedule } from '../../model/spec.js';
import type { Problem } from '../../shared/problem.js';
import { contradictions, fittingProtocol } from './consistency.js';
import { nearestLocation, type YamlLocation } from './locations.js';
import type { ProfileFile } from './parse.js';
import type { ServiceSettings } from './schema.js';

/** A profile with everything it extends merged in. */
export interface Profile {
  readonly name: string;
  readonly description: string | null;
  /** Absolute path of the file itself. */
  readonly file: string;
  /** Every file that it is made of, bases first. */
  readonly files: readonly string[];
  /** Absolute paths; null: the usual names in the folder of the project. */
  readonly compose: readonly string[] | null;
  /** The file that names them. */
  readonly composeFrom: string | null;
  readonly services: ReadonlyMap<string, ServiceSettings>;
  /** The services of the profile: those named in its own file and in those it extends, `base` excepted. */
  readonly listed: ReadonlySet<string>;
  /** The services that tables have figures for. */
  readonly tabled: ReadonlySet<string>;
  /** Running hours; null: none. */
  readonly schedule: Schedule | null;
  /** Finds the location of a service, or of a key of it (`idle.freezeAfter`): in the profile itself, or in the file nearest to it. */
  readonly location: (service: string, key?: string) => YamlLocation;
}

/** A profile called so is a table of figures: it sets what its services need, and puts none of them into a profile. */
const TABLE = 'base';

/** Merges files, bases first; the last is the profile itself. */
export function mergeProfiles(files: readonly ProfileFile[]): { profile: Profile | null; problems: readonly Problem[] } {
  const own = files.at(-1);
  if (own === undefined) return { profile: null, problems: [] };
  const services = new Map<string, ServiceSettings>();
  for (const file of files) {
    for (const [name, settings] of file.services) services.set(name, mergeSettings(services.get(name), settings));
  }
  const location = (service: string, key?: string) => locationIn(files, own, service, key);
  const problems = [...services].flatMap(([name, settings]) => contradictions(settings, `services.${name}`, key => location(name, key)));
  if (problems.length > 0) return { profile: null, problems };
  const listing = files.filter(file => file.name !== TABLE || file === own);
  const tables = files.filter(file => file.name === TABLE);
  const composing = files.findLast(file => file.compose !== null);
  const profile: Profile = {
    name: own.name,
    description: own.description,
    file: own.file,
    files: files.map(file => file.file),
    compose: composing?.compose ?? null,
    composeFrom: composing?.file ?? null,
    services,
    listed: new Set(own.name === TABLE ? [] : listing.flatMap(file => [...file.services.keys()])),
    tabled: new Set(tables.flatMap(file => [...file.services.keys()])),
    schedule: scheduleOf(files),
    location,
  };
  return { profile, problems: [] };
}

/** The nearest file that has the key's first word for the service counts, else the nearest that names the service. */
function locationIn(files: readonly ProfileFile[], own: ProfileFile, service: string, key: string | undefined): YamlLocation {
  const path = `services.${service}`;
  const fileWith = (name: string) => files.findLast(file => file.locations.keys.has(name));
  const setter = key === undefined ? undefined : fileWith(`${path}.${key.split('.')[0] ?? ''}`);
  if (setter !== undefined) return nearestLocation(setter.locations, `${path}.${key}`, setter.file);
  return fileWith(path)?.locations.keys.get(path) ?? { file: own.file, line: 1, column: 1 };
}

function scheduleOf(files: readonly ProfileFile[]): Schedule | null {
  const { up = null, down = null } = Object.assign({}, ...files.map(file => file.schedule)) as Partial<Schedule>;
  return up === null && down === null ? null : { up, down };
}

/** The keys of `over` win; memory, idle and ports are merged by their own keys. */
export function mergeSettings(under: ServiceSettings | undefined, over: ServiceSettings): ServiceSettings {
  // A maximum that is written over a guess is a limit.
  const written = over.memory?.maximum !== undefined && under?.memory?.guessed !== undefined ? { guessed: false } : {};
  const memory = { ...under?.memory, ...written, ...over.memory };
  const idle = { ...under?.idle, ...over.idle };
  const ports = { ...under?.ports, ...over.ports };
  return {
    ...fittingProtocol(under ?? {}, over),
    ...over,
    ...(Object.keys(memory).length > 0 ? { memory } : {}),
    ...(Object.keys(idle).length > 0 ? { idle } : {}),
    ...(Object.keys(ports).length > 0 ? { ports } : {}),
  };
}
