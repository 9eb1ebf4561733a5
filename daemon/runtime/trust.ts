import { createHash } from 'node:crypto';
import type { ProjectSpec } from '../model/spec.js';
import { risks, trustParts, trustText } from '../model/trust/trust.js';
import type { TrustParts } from '../model/trust/trust-content.js';
import { changedSince, sourceChanged } from '../path-gate/judge.js';
import type { TrustedContent } from '../scheduler/state/intent.js';
import { type Failure, failure } from '../shared/failure.js';
import { oneLine } from '../shared/printable.js';

/** Projects of which it is kept what was trusted last. */
const MOST_KEPT = 100;

/**
 * What a project asks for beyond its own folder needs a person's word once for each content: remembered by hash, asked again
 * when it changes. Checked here, so that no client can leave it out.
 */
export class Trust {
  private readonly hashes: Set<string>;
  /** By folder; the latest at the end. */
  private readonly last: Map<string, TrustedContent>;

  constructor(trusted: Iterable<string>, last: Iterable<TrustedContent> = []) {
    this.hashes = new Set(trusted);
    this.last = new Map([...last].map(content => [content.root, content]));
  }

  /** The hashes, for a later daemon. */
  list(): readonly string[] {
    return [...this.hashes];
  }

  /** What was trusted last in each folder, for a later daemon. */
  lastTrusted(): readonly TrustedContent[] {
    return [...this.last.values()].slice(-MOST_KEPT);
  }

  /** Null: nothing risky, or trusted before, or now by `granted`. */
  check(spec: ProjectSpec, granted: boolean): Failure | null {
    const parts = trustParts(spec);
    if (parts === null) return null;
    const hash = sha256(trustText(spec));
    const content = { root: spec.root, ...hashed(parts) };
    if (granted) this.hashes.add(hash);
    const before = this.last.get(spec.root) ?? null;
    if (before !== null && isPart(content, before)) return null;
    if (this.hashes.has(hash)) {
      this.last.delete(spec.root);
      this.last.set(spec.root, content);
      return null;
    }
    return refusal(spec, parts, content, before);
  }
}

function refusal(spec: ProjectSpec, parts: TrustParts, content: TrustedContent, before: TrustedContent | null): Failure {
  const points = risks(spec).map(({ service, what, why }) => ({ service, what, why }));
  const known = new Set(before?.points);
  const isNew = points.map(({ service, what }) => before !== null && !known.has(short(`${service}: ${what}`)));
  // In one line each: a path with line feeds would write points of its own.
  const lines = points.map(({ service, what, why }, at) => `  ${oneLine(`${service}: ${what} (${why})`)}${isNew[at] ? ' ← new' : ''}`);
  const reach = [...parts.services].flatMap(([service, by]) => (by === null ? [] : [{ service, by }]));
  const changed = before === null ? [] : differences(before.runs, content.runs);
  return failure(
    'not-trusted',
    [
      `Project ${spec.name} asks for power over this machine:`,
      ...lines,
      ...(reach.length > 0 ? ['With it run those that reach it:', ...reach.map(({ service, by }) => `  ${service} (${by})`)] : []),
      ...(changed.length > 0 ? ['Changed since it was trusted:', ...changed.map(line => `  ${line}`)] : []),
      'Nothing was started.',
    ].join('\n'),
    { risks: points, reach, new: points.filter((_, at) => isNew[at]), changed },
  );
}

/** Whether nothing is there that is not in `whole` as it is: services have left, those that stay are the same in every key. */
function isPart(part: TrustedContent, whole: TrustedContent): boolean {
  const points = new Set(whole.points);
  return part.points.every(point => points.has(point)) && differences(whole.runs, part.runs).every(line => line.endsWith(GONE));
}

const GONE = ': no longer there';

/** `service: key, key` for what runs with the powers and is another now; services and volumes that came or went are named as such. */
function differences(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string[] {
  const owners = (of: Readonly<Record<string, string>>) => new Set(Object.keys(of).map(ownerOf));
  const [had, has] = [owners(before), owners(now)];
  return [...new Set([...had, ...has])].sort().flatMap(owner => {
    if (!had.has(owner)) return [`${owner}: new`];
    if (!has.has(owner)) return [`${owner}${GONE}`];
    const keys = Object.keys({ ...before, ...now })
      .sort()
      .filter(key => ownerOf(key) === owner && before[key] !== now[key]);
    return keys.length > 0 ? [`${owner}: ${keys.map(key => key.slice(owner.length + 1) || 'definition').join(', ')}`] : [];
  });
}

/** The service of `service key`; `volume KEY` is one by itself. */
function ownerOf(key: string): string {
  return key.startsWith('volume ') ? key : (key.split(' ')[0] ?? key);
}

function hashed({ points, runs }: TrustParts): Pick<TrustedContent, 'points' | 'runs'> {
  return { points: points.map(short), runs: Object.fromEntries([...runs].map(([key, value]) => [key, short(value)])) };
}

/** 128 bits: nobody finds another content with the same. */
function short(text: string): string {
  return sha256(text).slice(0, 32);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * What of a project that is to come up cannot be judged by its path: it is no real path, whatever the client has made of it, or it cannot be looked
 * at. Trust is about real paths, so this comes first. Null: nothing. The same is asked again at each start and each build.
 */
export function unresolvable(spec: ProjectSpec): Failure | null {
  for (const { who, path } of hostPaths(spec)) {
    const change = changedSince(path, spec.root);
    if (change !== null) return sourceChanged(who, change, spec.root);
  }
  return null;
}

function hostPaths({ services, volumes }: ProjectSpec): { readonly who: string; readonly path: string }[] {
  const ofServices = services.flatMap(({ name, container }) => {
    const mounts = container?.mounts.flatMap(mount => (mount.kind === 'bind' ? [mount.source] : [])) ?? [];
    const build = [container?.build?.context ?? null, container?.build?.dockerfile ?? null].filter(path => path !== null);
    return [...mounts, ...build].map(path => ({ who: name, path }));
  });
  const ofVolumes = volumes.flatMap(({ key, external, options: { device, o = '' } }) =>
    !external && device?.startsWith('/') && /(^|,)r?bind(,|$)/.test(o) ? [{ who: `What uses the volume ${key}`, path: device }] : [],
  );
  return [...ofServices, ...ofVolumes];
}
