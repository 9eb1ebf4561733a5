import type { MountSpec } from '../../../model/spec.js';
import type { Cursor } from '../tree/cursor.js';
import { cleanTarget } from '../tree/short-forms.js';
import { pathAt } from '../tree/tree.js';
import type { LocatedMount } from './mounts.js';
import { warnUnsupported } from './unsupported.js';

type Kind = 'secret' | 'config';
/** The folder that a short name is mounted in, as with Compose. */
const FOLDER: Readonly<Record<Kind, string>> = { secret: '/run/secrets/', config: '/' };
const DEFAULT_MODE = 0o444;

/** Secrets or configs of a service as read-only mounts. `defined`: the project's, by name. */
export function fileMountsOf(service: Cursor, kind: Kind, defined: ReadonlyMap<string, Cursor>): LocatedMount[] {
  return (service.get(`${kind}s`)?.items() ?? []).flatMap(item => {
    const source = item.isMap ? item.get('source') : item;
    const name = source?.text() ?? null;
    if (source === null || name === null) {
      if (item.isMap) item.error('lacks the key source', { expected: `the name of a ${kind}` });
      return [];
    }
    const definition = defined.get(name);
    if (definition === undefined) {
      source.undefinedName(kind, name, defined.keys());
      return [];
    }
    if (isExternal(definition)) {
      source.error(`an external ${kind} needs a Swarm, which laptop-dev does not have`, {
        expected: `a ${kind} from a file or a variable`,
      });
      return [];
    }
    const spec = mountOf(definition, secretTargetOf(item, kind), item);
    return spec === null ? [] : [{ spec, at: item }];
  });
}

/** The path in the container at which an item of `secrets` or `configs` is mounted. */
export function secretTargetOf(item: Cursor, kind: Kind): string {
  const written = (item.isMap ? (item.get('target') ?? item.get('source')) : item)?.text() ?? '';
  return cleanTarget(written.startsWith('/') ? written : `${FOLDER[kind]}${written}`);
}

/** Also in the old form `external: {name: …}`. */
function isExternal(definition: Cursor): boolean {
  const external = definition.get('external');
  return external !== null && (external.isMap || external.boolean() === true);
}

function mountOf(definition: Cursor, target: string, item: Cursor): MountSpec | null {
  const file = definition.get('file');
  const path = file?.text() ?? null;
  if (file !== null && path !== null) {
    for (const key of ['uid', 'gid', 'mode']) item.get(key)?.warn('the file is mounted as it is: its own owner and mode hold');
    return { kind: 'bind', source: pathAt(file.location, path), target, readOnly: true, createSource: false, propagation: null };
  }
  for (const key of ['uid', 'gid']) item.get(key)?.warn('is not supported by laptop-dev and is ignored');
  const mode = item.get('mode')?.integer(0, 0o777) ?? DEFAULT_MODE;
  const text = definition.get('content')?.text() ?? fromVariable(definition);
  return text === null ? null : { kind: 'content', text, target, mode };
}

function fromVariable(definition: Cursor): string | null {
  const variable = definition.get('environment');
  const name = variable?.text() ?? null;
  if (variable === null || name === null) return null;
  const value = variable.location.source.variables.get(name);
  if (value === undefined) variable.error(`the variable ${name} is not set`);
  return value ?? null;
}

/** The top-level `secrets` or `configs`, by name, each checked for exactly one origin. */
export function fileDefinitions(model: Cursor, kind: Kind): Map<string, Cursor> {
  const origins = kind === 'secret' ? ['file', 'environment'] : ['file', 'environment', 'content'];
  const entries = model.get(`${kind}s`)?.entries() ?? [];
  for (const [, definition] of entries) {
    if (isExternal(definition)) continue;
    warnUnsupported(definition, [...origins, 'name', 'external']);
    const given = origins.filter(key => definition.get(key) !== null);
    if (given.length > 1) definition.error(`${given.join(' and ')} exclude each other`);
    if (given.length === 0) definition.error('has no source for its content', { expected: `one of ${origins.join(', ')}` });
  }
  return new Map(entries);
}
