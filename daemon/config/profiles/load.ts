import { nearestName } from '../../shared/nearest.js';
import type { Problem } from '../../shared/problem.js';
import { profileFilesIn, profileNameOf } from './files.js';
import { nearestLocation, type YamlLocation } from './locations.js';
import { mergeProfiles, type Profile } from './merge.js';
import type { ProfileFile } from './parse.js';
import { type ProfileReader, profileReader } from './reader.js';
import { problemAt } from './yaml-file.js';

/** The search path of profiles: the project's own files first, then the folder of those that come with laptop-dev. */
export interface ProfileSources {
  /** Absolute paths. */
  readonly files: readonly string[];
  readonly builtIn: string;
  /** Reads the files, each once; absent: a reader of this call alone. */
  readonly read?: ProfileReader;
}

export interface LoadedProfile {
  readonly profile: Profile | null;
  readonly problems: readonly Problem[];
}

interface Loading {
  readonly read: ProfileReader;
  readonly known: ReadonlyMap<string, readonly string[]>;
  readonly parsed: Map<string, ProfileFile>;
  readonly problems: Problem[];
  /** Files in merging order, each once. */
  readonly order: ProfileFile[];
}

/** Names of profiles by file, nearest source first: a project's `base` hides the built-in one, and may extend it. */
async function profileIndex(sources: ProfileSources): Promise<Map<string, string[]>> {
  const index = new Map<string, string[]>();
  for (const file of [...sources.files, ...(await profileFilesIn(sources.builtIn))]) {
    const name = profileNameOf(file);
    if (name !== null) index.set(name, [...(index.get(name) ?? []), file]);
  }
  return index;
}

/** Loads the profile in `file` with everything it extends. All mistakes of all its files at once. */
export async function loadProfile(file: string, sources: ProfileSources): Promise<LoadedProfile> {
  const loading: Loading = {
    read: sources.read ?? profileReader(),
    known: await profileIndex(sources),
    parsed: new Map(),
    problems: [],
    order: [],
  };
  await visit(file, [], { file, line: 0, column: 0 }, loading);
  if (loading.problems.length > 0) return { profile: null, problems: loading.problems };
  return mergeProfiles(loading.order);
}

/** Visits bases first and each file once, so that a base shared by two others does not override either. */
async function visit(file: string, path: readonly ProfileFile[], from: YamlLocation, loading: Loading): Promise<void> {
  if (loading.parsed.has(file)) return;
  const read = await loading.read(file);
  if (read.fault !== null) {
    loading.problems.push(
      problemAt(from.line > 0 ? from : { file, line: 0, column: 0 }, '', from.line > 0 ? `${file}: ${read.fault}` : read.fault),
    );
    return;
  }
  const { profile, problems } = read;
  loading.problems.push(...problems);
  if (profile === null) return;
  loading.parsed.set(file, profile);
  const chain = [...path, profile];
  for (const [index, name] of profile.extends.entries()) await visitBase(name, index, chain, loading);
  loading.order.push(profile);
}

async function visitBase(name: string, index: number, chain: readonly ProfileFile[], loading: Loading): Promise<void> {
  const profile = chain.at(-1);
  if (profile === undefined) return;
  const key = profile.locations.values.has(`extends.${index}`) ? `extends.${index}` : 'extends';
  const location = nearestLocation(profile.locations, key, profile.file);
  const candidates = loading.known.get(name) ?? [];
  // A project's own `base` that extends `base` means the next one of that name, the built-in.
  const base = candidates.find(file => file !== profile.file);
  if (base === undefined && candidates.length === 0) {
    const names = [...loading.known.keys()].filter(other => other !== profile.name);
    const shown = `one of ${names.sort().slice(0, 12).join(', ')}${names.length > 12 ? ' …' : ''}`;
    loading.problems.push(problemAt(location, key, `no profile is called ${name}`, shown, nearestName(name, names)));
    return;
  }
  const start = base === undefined ? chain.length - 1 : chain.findIndex(member => member.file === base);
  if (base === undefined || start >= 0) {
    const circle = [...chain.slice(start).map(member => member.name), name].join(' → ');
    loading.problems.push(problemAt(location, key, `the profile extends itself: ${circle}`, 'a chain that ends'));
    return;
  }
  await visit(base, chain, location, loading);
}
