import { resolve } from 'node:path';
import type { BuildSpec, ContainerSpec } from '../../../model/spec.js';
import { builtImageName } from '../../../shared/names.js';
import type { Problem } from '../../../shared/problem.js';
import { isRemote } from '../loading/extends.js';
import { Cursor, quote } from '../tree/cursor.js';
import { keyValues, withContext } from '../tree/short-forms.js';
import { pathAt } from '../tree/tree.js';
import { textsByKey, valuesFromVariables } from './key-values.js';
import type { ServiceContext } from './service.js';
import { warnUnsupported } from './unsupported.js';

const SUPPORTED = ['context', 'dockerfile', 'dockerfile_inline', 'target', 'args', 'labels'];

/** `build` in either form; `services`: names of all the project's. Null: the service is not built, or cannot be, which is reported. */
function buildOf(service: Cursor, services: ReadonlySet<string>): BuildSpec | null {
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
  const context = pathAt((at ?? build).location, text);
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

const NAME = '[a-z0-9]+(?:(?:[.]|_{1,2}|-+)[a-z0-9]+)*';
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = `(?:${LABEL}(?:[.]${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
const DIGEST = '[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,}';
/** The grammar of the engines (distribution/reference, regexp.go). */
const REFERENCE = new RegExp(`^(?:${DOMAIN}/)?${NAME}(?:/${NAME})*(?::\\w[\\w.-]{0,127})?(?:@${DIGEST})?$`);
/** A name may have 255 characters; with tag and digest. */
const LONGEST = 512;

/** Whether the text is a valid image reference. The engine would refuse any other only when the container is created, long after the file was read. */
function isImageReference(text: string): boolean {
  return text.length <= LONGEST && REFERENCE.test(text);
}

const PULL: Readonly<Record<string, ContainerSpec['pull']>> = {
  always: 'always',
  never: 'never',
  missing: 'missing',
  if_not_present: 'missing',
  build: 'build',
};

function pullOf(cursor: Cursor | null): ContainerSpec['pull'] {
  const text = cursor?.text() ?? 'missing';
  const known = Object.hasOwn(PULL, text) ? PULL[text] : undefined;
  if (known !== undefined) return known;
  cursor?.warn(`${quote(text)} is not supported; the image is pulled when it is missing`);
  return 'missing';
}

/** The image of a service: the one that it names, or the one that its build makes. */
export function imageOf(name: string, cursor: Cursor, { project, services }: ServiceContext) {
  const build = buildOf(cursor, services);
  const written = cursor.get('image');
  const image = written?.text() || null;
  const misread = cursor.report.has(problem => problem.key === written?.path);
  if (written !== null && image !== null && !misread && !isImageReference(image)) {
    written.error(`${quote(image)} is not the name of an image`, { expected: '[REGISTRY/]NAME[:TAG][@DIGEST] in lower case' });
  }
  if (
    image === null &&
    cursor.get('build') === null &&
    cursor.get('provider') === null &&
    !cursor.report.has(problem => explainsMissingImage(problem, cursor.path))
  ) {
    const [location, key] = written === null ? [cursor.keyLocation, cursor.path] : [written.location, written.path];
    cursor.report.error(location, key, written === null ? 'has neither image nor build' : 'is empty, and there is no build', {
      expected: written === null ? 'one of the two' : 'the name of an image',
    });
  }
  return {
    image: image ?? builtImageName(project, name),
    build,
    pull: pullOf(cursor.get('pull_policy')),
    platform: cursor.get('platform')?.text() ?? null,
  };
}

/** The service is no mapping, what services extend is not there, or `image` is misspelt. */
function explainsMissingImage(problem: Problem, path: string): boolean {
  if (problem.key === path || /^services\.[^.]+\.extends/.test(problem.key)) return true;
  return problem.key.startsWith(`${path}.`) && (problem.nearest === 'image' || problem.nearest === 'build');
}
