import { realpath } from 'node:fs/promises';
import type { Memory, ProjectSpec, ServiceSpec } from '../../../model/spec.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { isWithin } from '../../../shared/paths.js';
import { withMemory } from '../../profiles/edit-memory.js';
import { loadProfile } from '../../profiles/load.js';
import type { ProfileFile } from '../../profiles/parse.js';
import { profileReader, readText } from '../../profiles/reader.js';
import { chooseProfile } from '../discovery/choose.js';
import type { Found } from '../discovery/find.js';
import { loadProject } from '../load.js';
import { writeAll } from './project-file.js';

export interface MemoryWrite {
  /** The profile whose figures are to change; null: the standard one. */
  readonly profile: string | null;
  /** Root of the project that they are meant for; null: whichever is here. */
  readonly root: string | null;
  readonly figures: ReadonlyMap<string, Memory>;
}

export interface WrittenMemory {
  readonly changes: readonly {
    readonly service: string;
    /** Only the figures that changed. */
    readonly before: Partial<Memory>;
    readonly after: Partial<Memory>;
  }[];
  readonly files: readonly { readonly file: string; readonly before: string; readonly after: string }[];
  /** Services whose figures could not be written, and why. */
  readonly left: readonly { readonly service: string; readonly reason: string }[];
}

type Texts = ReadonlyMap<string, string>;

/**
 * Puts figures into the project's own profile files, each into the one that has the say: comments, order and every other letter
 * stay. A change is taken only when the project, loaded with it, is the same in all but that service's memory; files that come with
 * laptop-dev are never touched. Fails: config-missing (no profile of one's own), config-invalid, not-written,
 * usage (another project).
 */
export async function writeMemory(found: Found, { profile, root, figures }: MemoryWrite): Promise<WrittenMemory> {
  const chosen = await ownProfile(found, profile);
  const files = await ownFiles(found, chosen);
  const load = (texts: Texts) => loadWith(found, profile, texts);
  let spec = await load(new Map());
  if (spec === null || (root !== null && spec.root !== root)) throw otherRoot(spec?.root ?? found.root, root);
  const original: Texts = new Map(files.map(({ file, text }) => [file, text]));
  let texts = original;
  const changes: WrittenMemory['changes'][number][] = [];
  const left: WrittenMemory['left'][number][] = [];
  for (const service of spec.services) {
    const wanted = differing(service.memory, figures.get(service.name));
    if (wanted === null) continue;
    const next = edited(files, texts, service.name, wanted.after);
    const result = typeof next === 'string' ? null : await load(next);
    if (typeof next !== 'string' && isSameBut(spec, result, service.name, { ...service.memory, ...wanted.after })) {
      texts = next;
      spec = result;
      changes.push({ service: service.name, ...wanted });
    } else left.push({ service: service.name, reason: typeof next === 'string' ? next : SHARED });
  }
  const written = [...texts]
    .map(([file, after]) => ({ file, before: original.get(file) ?? '', after }))
    .filter(({ before, after }) => before !== after);
  writeAll(written);
  return { changes, files: written, left };
}

const SHARED = 'its figures are written in a way that is not edited (an anchor, an alias): change them by hand';

async function ownProfile(found: Found, name: string | null): Promise<string> {
  if (found.origin !== 'profiles') throw noOwnProfile(found, name);
  const { file, failure: unknown } = await chooseProfile(found, name);
  if (file === null) throw unknown === null ? noOwnProfile(found, name) : new FailureError(unknown);
  return file;
}

interface OwnFile {
  /** Real path: a link is followed, so that it stays one. */
  readonly file: string;
  readonly text: string;
  readonly profile: ProfileFile;
  readonly own: boolean;
}

/** The files of the profile, bases first. */
async function ownFiles(found: Found, chosen: string): Promise<readonly OwnFile[]> {
  const { profile } = await loadProfile(chosen, found.sources);
  const files = await Promise.all(
    (profile?.files ?? []).map(async (path): Promise<OwnFile | null> => {
      const read = await found.sources.read(path);
      const file = await realpath(path);
      if (read.fault !== null || read.profile === null) return null;
      return { file, text: read.text, profile: read.profile, own: !isWithin(found.sources.builtIn, file) };
    }),
  );
  return files.filter(file => file !== null);
}

/** The project with these texts in place of the files; null: it cannot be loaded so. */
async function loadWith(found: Found, profile: string | null, texts: Texts): Promise<ProjectSpec | null> {
  const withTexts = profileReader(async file => {
    const text = texts.get(await realpath(file).catch(() => file));
    return text === undefined ? readText(file) : { text, fault: null };
  });
  const read = texts.size === 0 ? found.sources.read : withTexts;
  const { spec, failure: wrong } = await loadProject(
    { ...found, sources: { ...found.sources, read } },
    { profile, services: null, taken: {} },
  );
  if (texts.size === 0 && wrong !== null) throw new FailureError(wrong);
  return spec;
}

function differing(now: Memory, wanted: Memory | undefined): { before: Partial<Memory>; after: Partial<Memory> } | null {
  if (wanted === undefined) return null;
  const keys = (['standard', 'maximum'] as const).filter(key => now[key] !== wanted[key]);
  const picked = (from: Memory): Partial<Memory> => Object.fromEntries(keys.map(key => [key, from[key]]));
  return keys.length === 0 ? null : { before: picked(now), after: picked(wanted) };
}

/** The texts with the figures of a service in them; or why that cannot be. */
function edited(files: readonly OwnFile[], texts: Texts, service: string, figures: Partial<Memory>): Texts | string {
  const next = new Map(texts);
  for (const key of ['standard', 'maximum'] as const) {
    const bytes = figures[key];
    if (bytes === undefined) continue;
    const target = fileFor(files, service, key);
    if (target === null) return 'its figures come from elsewhere, and no profile file of this project names it';
    const text = withMemory(next.get(target.file) ?? target.text, service, { [key]: bytes });
    if (text === null) return SHARED;
    next.set(target.file, text);
  }
  return next;
}

/**
 * The own file that has the say on a figure; where none has, the nearest that names the service and comes after who has it. Naming a
 * service where it was not named would make it a part of the profile.
 */
function fileFor(files: readonly OwnFile[], service: string, key: keyof Memory): OwnFile | null {
  const says = files.findLast(({ profile }) => profile.services.get(service)?.memory?.[key] !== undefined);
  if (says?.own) return says;
  const after = files.slice(says === undefined ? 0 : files.indexOf(says) + 1);
  return after.findLast(({ own, profile }) => own && profile.services.has(service)) ?? null;
}

function isSameBut(before: ProjectSpec, after: ProjectSpec | null, service: string, memory: Memory): after is ProjectSpec {
  if (after === null) return false;
  const expected = before.services.map(spec => (spec.name === service ? { ...spec, memory } : spec));
  return JSON.stringify(plain(after, after.services)) === JSON.stringify(plain(before, expected));
}

/** The hash may follow the memory. */
function plain(spec: ProjectSpec, services: readonly ServiceSpec[]): object {
  return { ...spec, services: services.map(service => ({ ...service, configHash: '' })) };
}

/** There is no profile that may be written to: how to get one. */
function noOwnProfile(found: Found, profile: string | null): FailureError {
  if (found.origin === 'compose') {
    const message = `${found.root} has a Compose file and no profile to put the figures into.`;
    const remedies = ['laptop-dev init writes a laptop-dev.yaml beside it, with the present figures; then repeat the command.'];
    return new FailureError(failure('config-missing', message, { root: found.root }, remedies));
  }
  const base = profile ?? 'minimal';
  const message = `The profile ${base} comes with laptop-dev and is not changed.`;
  const remedies = [
    `Write your own profile in another folder: a laptop-dev.yaml with "extends: ${base}" and, under services, the services whose figures are to change (postgres: {}). Run laptop-dev up there, then repeat the command.`,
  ];
  return new FailureError(failure('config-missing', message, { profile: base }, remedies));
}

function otherRoot(here: string, root: string | null): FailureError {
  const remedies = [`Go to ${root ?? 'its folder'}, or name it with --project.`];
  return new FailureError(failure('usage', `The configuration found in ${here} is that of another project.`, { here, root }, remedies));
}
