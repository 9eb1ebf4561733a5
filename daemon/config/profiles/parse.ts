import { dirname, resolve } from 'node:path';
import type { Problem } from '../../shared/problem.js';
import { contradictions } from './consistency.js';
import { profileNameOf } from './files.js';
import { toProblems } from './issues.js';
import { blockLocation, nearestLocation, type ServiceBlock, type YamlLocations } from './locations.js';
import { knownKeys, profileSchema, type ScheduleSettings, type ServiceSettings, serviceKeys, serviceSchema } from './schema.js';
import { parseYaml, problemAt } from './yaml-file.js';

/** One profile file as it stands, before `extends`. */
export interface ProfileFile {
  /** Absolute path. */
  readonly file: string;
  readonly name: string;
  readonly description: string | null;
  readonly extends: readonly string[];
  /** Absolute paths; null when the file names none. */
  readonly compose: readonly string[] | null;
  readonly services: ReadonlyMap<string, ServiceSettings>;
  readonly schedule: ScheduleSettings;
  readonly locations: YamlLocations;
}

/** Reads one profile from its text. All its mistakes at once; never throws. `file`: absolute path. */
export function parseProfile(text: string, file: string): { profile: ProfileFile | null; problems: readonly Problem[] } {
  const yaml = parseYaml(text, file);
  if (yaml.value === undefined) return { profile: null, problems: yaml.problems };
  const result = profileSchema.safeParse(yaml.value);
  if (!result.success) {
    const { locations } = yaml;
    const locate = {
      prefix: '',
      value: (path: string) => nearestLocation(locations, path, file),
      key: (path: string) => locations.keys.get(path) ?? nearestLocation(locations, path, file),
      known: knownKeys,
    };
    return { profile: null, problems: [...toProblems(result.error.issues, yaml.value, locate), ...yaml.problems] };
  }
  if (yaml.problems.length > 0) return { profile: null, problems: yaml.problems };
  const { name, description, extends: bases, compose, services, schedule } = result.data;
  const named = profileNameOf(file);
  if (name !== undefined && named !== null && name !== named) {
    const location = nearestLocation(yaml.locations, 'name', file);
    return { profile: null, problems: [problemAt(location, 'name', `found ${JSON.stringify(name)}`, `${named}, as the file is called`)] };
  }
  const profile: ProfileFile = {
    file,
    name: name ?? named ?? 'default',
    description: description ?? null,
    extends: listOf(bases),
    compose: compose === undefined ? null : listOf(compose).map(path => resolve(dirname(file), path)),
    services: new Map(Object.entries(services ?? {}).map(([service, settings]) => [service, settings ?? {}])),
    schedule: schedule ?? {},
    locations: yaml.locations,
  };
  return { profile, problems: [] };
}

/** Checks the value of `x-laptop-dev`: all mistakes at once, each at its location. */
export function parseServiceBlock(
  block: ServiceBlock,
  service: string,
): { settings: ServiceSettings | null; problems: readonly Problem[] } {
  const prefix = `services.${service}.x-laptop-dev`;
  const value = (path: string) => blockLocation(block, path);
  const result = serviceSchema.safeParse(block.value ?? {});
  if (!result.success) {
    const locate = { prefix, value, key: (path: string) => block.locations.get(`KEY#${path}`) ?? value(path), known: serviceKeys };
    return { settings: null, problems: toProblems(result.error.issues, block.value, locate) };
  }
  const problems = contradictions(result.data, prefix, value);
  return { settings: problems.length > 0 ? null : result.data, problems };
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
