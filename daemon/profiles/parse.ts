import { basename, dirname, resolve } from 'node:path';
import type { Problem } from '../core/problem.js';
import { toProblems } from './issues.js';
import { nearestPlace, type Place, type Places } from './places.js';
import { knownKeys, profileSchema, type ServiceSettings, serviceKeys, serviceSchema } from './schema.js';
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
  readonly places: Places;
}

/** A project's single file, whose name says nothing: its profile is called `default` unless it has a name. */
const SINGLE_FILE = /^laptop-dev\.ya?ml$/;

/** Reads one profile from its text. All its mistakes at once; never throws. `file`: absolute path. */
export function parseProfile(text: string, file: string): { profile: ProfileFile | null; problems: readonly Problem[] } {
  const yaml = parseYaml(text, file);
  if (yaml.value === undefined) return { profile: null, problems: yaml.problems };
  const result = profileSchema.safeParse(yaml.value);
  if (!result.success) {
    const { places } = yaml;
    const locate = {
      prefix: '',
      value: (path: string) => nearestPlace(places, path, file),
      key: (path: string) => places.keys.get(path) ?? nearestPlace(places, path, file),
      known: knownKeys,
    };
    return { profile: null, problems: [...toProblems(result.error.issues, yaml.value, locate), ...yaml.problems] };
  }
  if (yaml.problems.length > 0) return { profile: null, problems: yaml.problems };
  const { name, description, extends: bases, compose, services } = result.data;
  const named = profileNameOf(file);
  if (name !== undefined && named !== null && name !== named) {
    const place = nearestPlace(yaml.places, 'name', file);
    return { profile: null, problems: [problemAt(place, 'name', `found ${JSON.stringify(name)}`, `${named}, as the file is called`)] };
  }
  const profile: ProfileFile = {
    file,
    name: name ?? named ?? 'default',
    description: description ?? null,
    extends: listOf(bases),
    compose: compose === undefined ? null : listOf(compose).map(path => resolve(dirname(file), path)),
    services: new Map(Object.entries(services ?? {}).map(([service, settings]) => [service, settings ?? {}])),
    places: yaml.places,
  };
  return { profile, problems: [] };
}

/** What the path alone says of the name; null for laptop-dev.yaml. */
export function profileNameOf(file: string): string | null {
  return SINGLE_FILE.test(basename(file)) ? null : basename(file).replace(/\.ya?ml$/, '');
}

/** `x-laptop-dev` of a service as the Compose room hands it over: places of what is inside by path, of keys by `KEY#` and path. */
export interface ServiceBlock extends Place {
  readonly value: unknown;
  readonly places: ReadonlyMap<string, Place>;
}

/** Checks the value of `x-laptop-dev`: all mistakes at once, each at its place. */
export function parseServiceBlock(
  block: ServiceBlock,
  service: string,
): { settings: ServiceSettings | null; problems: readonly Problem[] } {
  const prefix = `services.${service}.x-laptop-dev`;
  const whole: Place = { file: block.file, line: block.line, column: block.column };
  const value = (path: string) => block.places.get(path) ?? whole;
  const result = serviceSchema.safeParse(block.value ?? {});
  if (!result.success) {
    const locate = { prefix, value, key: (path: string) => block.places.get(`KEY#${path}`) ?? value(path), known: serviceKeys };
    return { settings: null, problems: toProblems(result.error.issues, block.value, locate) };
  }
  const problems = memoryProblems(result.data, prefix, value);
  return { settings: problems.length > 0 ? null : result.data, problems };
}

/** standard ≤ maximum, where both are given. `place` finds a value by its path below `prefix`. */
export function memoryProblems(settings: ServiceSettings, prefix: string, place: (key: string) => Place): Problem[] {
  const { standard, maximum } = settings.memory ?? {};
  if (standard === undefined || maximum === undefined || standard <= maximum) return [];
  const mb = (bytes: number) => `${Math.round(bytes / 1024 ** 2)}MB`;
  return [
    problemAt(
      place('memory.maximum'),
      `${prefix}.memory.maximum`,
      `found ${mb(maximum)}, less than the standard of ${mb(standard)}`,
      'standard ≤ maximum',
    ),
  ];
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
