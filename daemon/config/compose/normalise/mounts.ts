import type { MountSpec } from '../../../model/spec.js';
import { parseBytes } from '../../../shared/bytes.js';
import { type Cursor, quote } from '../tree/cursor.js';
import { cleanTarget, splitShortMount } from '../tree/short-forms.js';
import { pathAt } from '../tree/tree.js';
import { warnUnsupported } from './unsupported.js';

const PROPAGATIONS = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];

/** Labels for SELinux, which Debian and Ubuntu do not have, and hints for Docker Desktop's old file sharing. */
const HARMLESS = ['z', 'Z', 'cached', 'delegated', 'consistent', 'default'];

/** A mount with the location that asked for it. */
export interface LocatedMount {
  readonly spec: MountSpec;
  readonly at: Cursor;
}

/** `volumes` and `tmpfs` of a service in long form. `volumes`: keys of the project's. */
export function mountsOf(service: Cursor, volumes: ReadonlySet<string>): LocatedMount[] {
  const located = (at: Cursor, spec: MountSpec | null): LocatedMount[] => (spec === null ? [] : [{ spec, at }]);
  const mounts = service.get('volumes')?.items() ?? [];
  return [
    ...mounts.flatMap(item => located(item, item.isMap ? longMount(item, volumes) : shortMount(item, volumes))),
    ...(service.get('tmpfs')?.items() ?? []).flatMap(item => located(item, tmpfsMount(item))),
  ];
}

/** Reports a target that is taken already; the root of a container cannot be one. */
export function checkTargets(mounts: readonly LocatedMount[]): void {
  const taken = new Map<string, Cursor>();
  for (const { spec, at } of mounts) {
    const other = taken.get(spec.target);
    if (!spec.target.startsWith('/')) at.error(`the target ${quote(spec.target)} is not an absolute path`);
    else if (spec.target === '/') at.error('the root of a container cannot be mounted over');
    else if (other !== undefined)
      at.error(`${spec.target} is mounted already, at line ${other.location.line} of ${other.location.source.file}`);
    taken.set(spec.target, at);
  }
}

function shortMount(item: Cursor, volumes: ReadonlySet<string>): MountSpec | null {
  const text = item.text();
  if (text === null) return null;
  const split = splitShortMount(text);
  if (split === null) {
    item.error(`${quote(text)} is not a mount`, { expected: '[SOURCE:]TARGET[:ro]' });
    return null;
  }
  const { source, options } = split;
  const target = cleanTarget(split.target);
  const readOnly = options.includes('ro');
  for (const option of options) {
    if (HARMLESS.includes(option)) item.report.harmless(item.keyLocation, item.path, option);
    else if (!['ro', 'rw', 'nocopy', ...PROPAGATIONS].includes(option))
      item.warn(`the mount option ${quote(option)} is not supported and is ignored`);
  }
  if (source !== null && /^[./~]/.test(source)) {
    const propagation = options.find(option => PROPAGATIONS.includes(option)) ?? null;
    return { kind: 'bind', source: pathAt(item.location, source), target, readOnly, createSource: true, propagation };
  }
  if (source !== null && !volumes.has(source)) item.undefinedName('volume', source, volumes);
  return { kind: 'volume', volume: source, target, readOnly, noCopy: options.includes('nocopy') };
}

function longMount(item: Cursor, volumes: ReadonlySet<string>): MountSpec | null {
  warnUnsupported(item, ['type', 'source', 'target', 'read_only', 'bind', 'volume', 'tmpfs']);
  const type = item.get('type')?.text();
  const written = item.get('target')?.text();
  if (written === undefined || written === null) {
    item.error('lacks the key target', { expected: 'the path inside the container' });
    return null;
  }
  const target = cleanTarget(written);
  const readOnly = item.get('read_only')?.boolean() ?? false;
  if (type === 'bind') return longBind(item, target, readOnly);
  if (type === 'volume') return longVolume(item, target, readOnly, volumes);
  if (type === 'tmpfs') {
    const options = item.get('tmpfs');
    if (options !== null) warnUnsupported(options, ['size', 'mode']);
    return {
      kind: 'tmpfs',
      target,
      size: options?.get('size')?.bytes() ?? null,
      mode: options?.get('mode')?.integer(0, 0o7777) ?? null,
      options: readOnly ? 'ro' : null,
    };
  }
  item.get('type')?.warn(`mounts of the type ${quote(type ?? '')} are not supported; nothing is mounted there`);
  return null;
}

function longBind(item: Cursor, target: string, readOnly: boolean): MountSpec | null {
  const source = item.get('source');
  const text = source?.text() ?? '';
  if (source === null || text === '') {
    item.error('lacks the key source', { expected: 'the path of a file or folder on this machine' });
    return null;
  }
  const options = item.get('bind');
  if (options !== null) warnUnsupported(options, ['create_host_path', 'propagation']);
  const propagation = options?.get('propagation') ?? null;
  if (propagation !== null && !PROPAGATIONS.includes(propagation.text() ?? '')) {
    propagation.error(`${quote(propagation.text() ?? '')} is not a propagation`, { expected: PROPAGATIONS.join(', ') });
  }
  const createSource = options?.get('create_host_path')?.boolean() ?? true;
  return { kind: 'bind', source: pathAt(source.location, text), target, readOnly, createSource, propagation: propagation?.text() ?? null };
}

function longVolume(item: Cursor, target: string, readOnly: boolean, volumes: ReadonlySet<string>): MountSpec {
  const source = item.get('source');
  const volume = source?.text() ?? null;
  if (source !== null && volume !== null && !volumes.has(volume)) source.undefinedName('volume', volume, volumes);
  const options = item.get('volume');
  if (options !== null) warnUnsupported(options, ['nocopy']);
  return { kind: 'volume', volume: volume === '' ? null : volume, target, readOnly, noCopy: options?.get('nocopy')?.boolean() ?? false };
}

/** An item of a service's `tmpfs`: `/run` or `/run:size=64m,mode=1777,noexec`. */
function tmpfsMount(item: Cursor): MountSpec | null {
  const text = item.text();
  if (text === null) return null;
  const at = text.indexOf(':');
  const target = cleanTarget(at < 0 ? text : text.slice(0, at));
  const rest: string[] = [];
  let size: number | null = null;
  let mode: number | null = null;
  for (const option of at < 0 ? [] : text.slice(at + 1).split(',')) {
    const [key, value = ''] = option.split('=');
    if (key === 'size' && !value.endsWith('%')) {
      size = parseBytes(value);
      if (size === null) item.error(`${quote(value)} is not a size`, { expected: 'a size such as 64m' });
    } else if (key === 'mode') {
      mode = /^[0-7]{1,4}$/.test(value) ? Number.parseInt(value, 8) : null;
      if (mode === null) item.error(`${quote(value)} is not a mode`, { expected: 'an octal mode such as 1777' });
    } else if (option !== '') rest.push(option);
  }
  return { kind: 'tmpfs', target, size, mode, options: rest.length === 0 ? null : rest.join(',') };
}
