import type { Problem } from '../core/problem.js';
import { memoryProblems, type ProfileFile } from './parse.js';
import { nearestPlace, type Place } from './places.js';
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
  /** What the profile is made of: the services named in its own file and in those it extends, `base` excepted. */
  readonly listed: ReadonlySet<string>;
  /** The services that tables have figures for. */
  readonly tabled: ReadonlySet<string>;
  /** Where a service is named: in the profile itself, or in the file nearest to it. */
  readonly place: (service: string) => Place;
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
  const fileWith = (path: string) => files.findLast(file => file.places.keys.has(path)) ?? own;
  const problems = [...services].flatMap(([name, settings]) => {
    const { places, file } = fileWith(`services.${name}.memory`);
    return memoryProblems(settings, `services.${name}`, key => nearestPlace(places, `services.${name}.${key}`, file));
  });
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
    place: service => fileWith(`services.${service}`).places.keys.get(`services.${service}`) ?? { file: own.file, line: 1, column: 1 },
  };
  return { profile, problems: [] };
}

/** The keys of `over` win; memory is merged by its own keys. */
export function mergeSettings(under: ServiceSettings | undefined, over: ServiceSettings): ServiceSettings {
  const memory = { ...under?.memory, ...over.memory };
  return { ...under, ...over, ...(Object.keys(memory).length > 0 ? { memory } : {}) };
}
