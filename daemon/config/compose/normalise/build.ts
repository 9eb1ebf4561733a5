import { resolve } from 'node:path';
import type { BuildSpec } from '../../../model/spec.js';
import { isRemote } from '../loading/extends.js';
import { keyValues, withContext } from '../loading/merge.js';
import { pathAt } from '../paths.js';
import { Cursor } from '../tree/cursor.js';
import { textsByKey, valuesFromVariables } from './key-values.js';
import { warnUnsupported } from './unsupported.js';

const SUPPORTED = ['context', 'dockerfile', 'dockerfile_inline', 'target', 'args', 'labels'];

/** `build` in either form; `services`: names of all the project's. Null: the service is not built, or cannot be, which is reported. */
export function buildOf(service: Cursor, services: ReadonlySet<string>): BuildSpec | null {
  const written = service.get('build');
  if (written === null || written.isList) return null;
  const build = new Cursor(withContext(written.tree), written.path, written.report);
  warnUnsupported(build, SUPPORTED);
  checkContexts(build, services);
  const at = build.get('context');
  const text = at?.text() ?? '.';
  if (isRemote(text)) {
    (at ?? build).error('a build context is never fetched from elsewhere', { expected: 'a folder on this machine' });
    return null;
  }
  const context = pathAt((at ?? build).place, text);
  const dockerfile = build.get('dockerfile');
  const inline = build.get('dockerfile_inline');
  if (dockerfile !== null && inline !== null) inline.error('dockerfile and dockerfile_inline exclude each other');
  return {
    context,
    // A variable that is empty leaves the usual name, as in Compose.
    dockerfile: inline === null ? resolve(context, dockerfile?.text() || 'Dockerfile') : null,
    dockerfileInline: inline?.text() ?? null,
    target: build.get('target')?.text() ?? null,
    args: valuesFromVariables(build.get('args')),
    labels: textsByKey(build.get('labels')),
  };
}

/** The image of another service can be a named context: that one has to be there. */
function checkContexts(build: Cursor, services: ReadonlySet<string>): void {
  const written = build.get('additional_contexts');
  if (written === null) return;
  const contexts = new Cursor(keyValues(written.tree), written.path, written.report);
  for (const [, at] of contexts.entries()) {
    const service = /^service:(.*)$/.exec(at.text() ?? '')?.[1];
    if (service !== undefined && !services.has(service)) at.undefinedName('service', service, services);
  }
}
