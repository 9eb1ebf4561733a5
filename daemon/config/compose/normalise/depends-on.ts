import type { Condition, Dependency } from '../../../model/spec.js';
import { Cursor } from '../tree/cursor.js';
import { dependencies } from '../tree/short-forms.js';
import { warnUnsupported } from './unsupported.js';

const CONDITIONS: ReadonlyMap<string, Condition> = new Map([
  ['service_started', 'started'],
  ['service_healthy', 'healthy'],
  ['service_completed_successfully', 'completed'],
]);

/** A dependency with the location that asks for it. */
export interface LocatedDependency {
  readonly spec: Dependency;
  readonly at: Cursor;
}

/** `depends_on` in either form, and what other keys imply: links, volumes_from and shared namespaces (`service:NAME`). */
export function dependsOnOf(service: Cursor): LocatedDependency[] {
  const found = new Map<string, LocatedDependency>();
  const written = service.get('depends_on');
  if (written !== null) {
    const cursor = new Cursor(dependencies(written.tree), written.path, written.report);
    for (const [name, at] of cursor.entries()) found.set(name, { spec: dependency(name, at), at });
  }
  for (const [name, at] of implied(service)) {
    if (!found.has(name)) found.set(name, { spec: { service: name, condition: 'started', required: true }, at });
  }
  return [...found.values()];
}

function dependency(name: string, at: Cursor): Dependency {
  warnUnsupported(at, ['condition', 'required']);
  const condition = CONDITIONS.get(at.get('condition')?.text() ?? 'service_started') ?? 'started';
  return { service: name, condition, required: at.get('required')?.boolean() ?? true };
}

function* implied(service: Cursor): Generator<[string, Cursor]> {
  for (const link of service.get('links')?.items() ?? []) {
    const [name = '', alias] = link.text()?.split(':') ?? [];
    if (alias !== undefined && alias !== name) link.warn(`the alias ${alias} is not set; give it under networks`);
    yield [name, link];
  }
  for (const from of service.get('volumes_from')?.items() ?? []) {
    const name = from.text()?.split(':')[0] ?? '';
    if (name !== 'container' && name !== '') yield [name, from];
  }
  for (const key of ['network_mode', 'ipc', 'pid']) {
    const at = service.get(key);
    const name = /^service:(.*)$/.exec(at?.text() ?? '')?.[1];
    if (at !== null && name !== undefined) yield [name, at];
  }
}
