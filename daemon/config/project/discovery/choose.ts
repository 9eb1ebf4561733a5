import { basename } from 'node:path';
import { type Failure, failure } from '../../../shared/failure.js';
import { nearestName } from '../../../shared/nearest.js';
import type { Problem } from '../../../shared/problem.js';
import { profileNameOf } from '../../profiles/files.js';
import type { Found } from './find.js';

export interface ListedProfile {
  readonly name: string;
  readonly description: string | null;
  /** Absolute path. */
  readonly file: string;
  /** The one that `up` takes when none is named. */
  readonly standard: boolean;
  readonly services: readonly string[];
  readonly problems: readonly Problem[];
}

/** The profiles to choose from, name → file. `base`, the table of figures, is not one of them. */
export async function profileFiles(found: Found): Promise<ReadonlyMap<string, string>> {
  const named = new Map<string, string>();
  for (const file of found.sources.files) {
    const name = profileNameOf(file) ?? (await ownName(found, file));
    // laptop-dev.yaml comes first and keeps its name against a file of .laptop-dev.
    if (name !== 'base' && !named.has(name)) named.set(name, file);
  }
  return named;
}

/** The name that laptop-dev.yaml gives itself; one that cannot be read is called `default`, and complained of when loaded. */
async function ownName({ sources }: Found, file: string): Promise<string> {
  const read = await sources.read(file);
  return (read.fault === null ? read.profile?.name : null) ?? 'default';
}

/** The default profile: laptop-dev.yaml's, else the one called `default`, else the only one; `minimal` of the built-in stack. Null when one must be named. */
function defaultProfile(found: Found, named: ReadonlyMap<string, string>): string | null {
  const single = [...named].find(([, file]) => profileNameOf(file) === null)?.[0];
  if (single !== undefined) return single;
  if (named.has('default')) return 'default';
  if (named.size === 1) return [...named.keys()][0] ?? null;
  return found.origin === 'built-in' && named.has('minimal') ? 'minimal' : null;
}

/** The file of the profile to use; null without profiles (a plain Compose file). The failure is config-missing. */
export async function chooseProfile(found: Found, wanted: string | null): Promise<{ file: string | null; failure: Failure | null }> {
  const named = await profileFiles(found);
  if (wanted === null && found.origin === 'compose') return { file: null, failure: null };
  const name = wanted ?? defaultProfile(found, named);
  const file = name === null ? undefined : named.get(name);
  if (file !== undefined) return { file, failure: null };
  const names = [...named.keys()];
  const nearest = name === null ? null : nearestName(name, names);
  const where = found.origin === 'compose' ? `${found.root} has a Compose file and no profiles` : `there are ${names.join(', ') || 'none'}`;
  const message =
    name === null ? `Several profiles, and none is the default: ${names.join(', ')}` : `No profile is called ${name}: ${where}`;
  const remedies = [
    ...(nearest === null ? [] : [`Did you mean ${nearest}?`]),
    ...(found.origin === 'compose' ? ['laptop-dev init writes a profile for it.'] : ['laptop-dev profiles lists them.']),
  ];
  return { file: null, failure: failure('config-missing', message, { profiles: names, nearest }, remedies) };
}

/** Words of `up PROFILE SERVICE…`: the first is a profile when there is one of that name, all others are services. */
export async function splitWords(found: Found, words: readonly string[]): Promise<{ profile: string | null; services: readonly string[] }> {
  const [first, ...rest] = words;
  if (first !== undefined && (await profileFiles(found)).has(first)) return { profile: first, services: rest };
  return { profile: null, services: words };
}

export async function listProfiles(found: Found): Promise<readonly ListedProfile[]> {
  const named = await profileFiles(found);
  const byDefault = defaultProfile(found, named);
  const listed: ListedProfile[] = [];
  for (const [name, file] of named) {
    const { loadProfile } = await import('../../profiles/load.js');
    const { profile, problems } = await loadProfile(file, found.sources);
    const services = [...(profile?.listed ?? [])];
    listed.push({ name, description: profile?.description ?? null, file, standard: name === byDefault, services, problems });
  }
  return listed.sort((a, b) => Number(b.standard) - Number(a.standard) || basename(a.file).localeCompare(basename(b.file)));
}
