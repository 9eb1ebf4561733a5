import { nearestName } from '../../../shared/nearest.js';
import { knownShape, type Shape, validateCompose } from '../generated/schema.js';
import type { Report } from '../tree/report.js';
import { type MapTree, type SourceLocation, type Tree, toValue } from '../tree/tree.js';

/** Everything merged; what one file may hold is bounded in parse.ts. */
const MAX_NODES = 100_000;

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
}

/** Checks a merged model against the Compose schema and reports each mistake once, at its location. False: too large to go on. */
export function validateModel(model: MapTree, report: Report): boolean {
  if (model.size > MAX_NODES) {
    report.error(model.location, '', `the files come to more than ${MAX_NODES} values`);
    return false;
  }
  if (validateCompose(toValue(model))) return true;
  for (const error of causes((validateCompose.errors ?? []) as readonly SchemaError[])) reportError(error, model, report);
  return true;
}

/**
 * Where a value may take one of several forms, the schema complains about all of them. A form that fits so far as to fail
 * further in, or on something other than its type, is the one that was meant; else the types are named together.
 */
function causes(errors: readonly SchemaError[]): SchemaError[] {
  const choices = new Map<string, SchemaError>();
  const types = new Map<string, SchemaError[]>();
  const others: SchemaError[] = [];
  const meant = new Set<string>();
  for (const error of errors) {
    const path = error.instancePath;
    if (error.keyword === 'oneOf' || error.keyword === 'anyOf') {
      choices.set(path, error);
      continue;
    }
    if (error.keyword === 'type') types.set(path, [...(types.get(path) ?? []), error]);
    else others.push(error);
    if (error.keyword !== 'type') meant.add(path);
    for (let outer = parentOf(path); outer !== null && !meant.has(outer); outer = parentOf(outer)) meant.add(outer);
  }
  const found = [...others];
  for (const [path, list] of types) {
    const [first] = list;
    if (first === undefined || (choices.has(path) && meant.has(path))) continue;
    found.push({ ...first, params: { type: [...new Set(list.flatMap(error => error.params['type']))] } });
  }
  for (const [path, choice] of choices) if (!types.has(path) && !meant.has(path)) found.push(choice);
  return found;
}

function parentOf(pointer: string): string | null {
  const at = pointer.lastIndexOf('/');
  return at < 0 ? null : pointer.slice(0, at);
}

function reportError(error: SchemaError, model: Tree, report: Report): void {
  const { tree, path } = locate(model, error.instancePath);
  const { params } = error;
  if (error.keyword === 'additionalProperties') return reportUnknown(tree, path, error, report);
  if (error.keyword === 'type') {
    return report.error(tree.location, path, `is ${describe(tree)}`, { expected: expectedTypes([params['type']].flat()) });
  }
  if (error.keyword === 'enum') {
    const allowed = [params['allowedValues']].flat().map(String);
    const found = tree.kind === 'scalar' ? tree.text : '';
    return report.error(tree.location, path, `is ${describe(tree)}`, {
      expected: allowed.join(', '),
      nearest: nearestName(found, allowed),
    });
  }
  if (error.keyword === 'required') return report.error(tree.location, path, `lacks the key ${String(params['missingProperty'])}`);
  if (error.keyword === 'pattern')
    return report.error(tree.location, path, `is ${describe(tree)}`, { expected: `text that matches ${String(params['pattern'])}` });
  report.error(tree.location, path, error.message ?? 'is not allowed here');
}

function reportUnknown(tree: Tree, path: string, error: SchemaError, report: Report): void {
  const key = String(error.params['additionalProperty']);
  const known = knownKeys(error.instancePath);
  const location: SourceLocation = (tree.kind === 'map' ? tree.entries.get(key)?.keyLocation : undefined) ?? tree.location;
  const nearest = report.full ? null : nearestName(key, known);
  if (nearest === null && isNewer(error.instancePath, key, known)) {
    const message = 'is not known to laptop-dev and is ignored; newer versions of Compose may know it';
    return report.breaking(location, path === '' ? key : `${path}.${key}`, message);
  }
  // Without a near name a short list of what is known helps; a service knows too many.
  const listed = nearest === null && known.length <= 15 ? `one of ${known.join(', ')}` : null;
  const expected = known.length === 0 ? 'letters, digits, dots, dashes and underscores' : listed;
  report.error(location, path === '' ? key : `${path}.${key}`, known.length === 0 ? 'is not a valid name' : 'is not a known key', {
    expected,
    nearest,
  });
}

/**
 * The specification grows inside services; a key there that reads like one of its own and like none that is known is taken for a newer one. At the
 * top it would be a service without its indentation.
 */
function isNewer(pointer: string, key: string, known: readonly string[]): boolean {
  return pointer.startsWith('/services/') && known.length > 0 && /^[a-z]{3,}(_[a-z0-9]+)*$/.test(key);
}

/** The keys that the schema knows at a location; none where names are free. */
function knownKeys(pointer: string): readonly string[] {
  let shape: Shape | undefined = knownShape;
  for (const part of keysOf(pointer))
    shape = (shape?.in !== undefined && Object.hasOwn(shape.in, part) ? shape.in[part] : undefined) ?? shape?.any;
  return shape?.keys ?? [];
}

function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Follows a JSON pointer, and writes it as `services.api.ports[0]`. */
function locate(model: Tree, pointer: string): { tree: Tree; path: string } {
  let tree = model;
  let path = '';
  for (const key of keysOf(pointer)) {
    const next: Tree | undefined =
      tree.kind === 'map' ? tree.entries.get(key)?.value : tree.kind === 'list' ? tree.items[Number(key)] : undefined;
    path = tree.kind === 'list' ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    if (next === undefined) return { tree, path };
    tree = next;
  }
  return { tree, path };
}

function describe(tree: Tree): string {
  if (tree.kind !== 'scalar') return tree.kind === 'list' ? 'a list' : 'a mapping';
  if (tree.value === null) return 'empty';
  const text = tree.text.length > 60 ? `${tree.text.slice(0, 57)}…` : tree.text;
  return typeof tree.value === 'string' ? `the text "${text.replace(/\s+/g, ' ')}"` : text;
}

function expectedTypes(types: readonly unknown[]): string {
  const useful = types.length > 1 ? types.filter(type => type !== 'null') : types;
  return useful.map(nameOfType).join(' or ');
}

function nameOfType(type: unknown): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    object: 'a mapping',
    array: 'a list',
    null: 'nothing',
  };
  return names[String(type)] ?? String(type);
}
