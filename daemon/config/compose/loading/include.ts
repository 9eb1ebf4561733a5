import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readVariables } from '../interpolation/variables.js';
import type { Report } from '../tree/report.js';
import { child, type MapTree, map, type Tree, type TreeEntry, toValue, type Variables, withEntry, withoutEntry } from '../tree/tree.js';
import { isRemote } from './extends.js';
import type { FileReference, Files } from './files.js';

const SECTIONS = ['services', 'networks', 'volumes', 'secrets', 'configs'] as const;

/** One entry of `include`, resolved. */
export interface IncludeRequest {
  readonly paths: readonly string[];
  readonly directory: string;
  readonly variables: Variables;
  readonly chain: readonly string[];
  readonly reference: FileReference;
}

/** The loader as `include` needs it. */
export interface IncludeLoading {
  readonly files: Files;
  readonly report: Report;
  readonly loadModel: (request: IncludeRequest) => Promise<MapTree | null>;
}

export interface Includer {
  readonly directory: string;
  readonly variables: Variables;
  /** The including files, outermost first, the present one last. */
  readonly chain: readonly string[];
}

/** Takes in what `include` names; a resource defined on both sides is a mistake unless both are equal. */
export async function applyIncludes(model: MapTree, includer: Includer, loading: IncludeLoading): Promise<MapTree> {
  const includes = child(model, 'include');
  let result = withoutEntry(model, 'include');
  if (includes === undefined) return result;
  if (includes.kind !== 'list') {
    loading.report.error(includes.location, 'include', 'is not a list', { expected: 'a list of files' });
    return result;
  }
  for (const [index, item] of includes.items.entries()) {
    const request = await includeRequest(item, `include[${index}]`, includer, loading);
    const included = request === null ? null : await loading.loadModel(request);
    if (included !== null) result = imported(result, included, loading.report);
  }
  return result;
}

async function includeRequest(item: Tree, key: string, includer: Includer, loading: IncludeLoading): Promise<IncludeRequest | null> {
  const at = item.kind === 'scalar' ? item : child(item, 'path');
  const written = texts(at);
  if (at === undefined || written.length === 0) {
    loading.report.error(item.location, key, 'names no file', { expected: 'a path, or a mapping with path' });
    return null;
  }
  if (written.some(isRemote)) {
    loading.report.error(at.location, key, 'files are never fetched from elsewhere', { expected: 'the path of a file on this machine' });
    return null;
  }
  const paths = written.map(path => resolve(includer.directory, path));
  const first = paths[0] ?? '';
  if (includer.chain.includes(first)) {
    const circle = [...includer.chain.slice(includer.chain.indexOf(first)), first];
    loading.report.error(at.location, key, `files include each other in a circle: ${circle.join(' → ')}`);
    return null;
  }
  const folder = texts(child(item, 'project_directory'))[0];
  const directory = folder === undefined ? dirname(first) : resolve(includer.directory, folder);
  const reference = { location: at.location, key };
  const envFiles = texts(child(item, 'env_file')).map(file => resolve(includer.directory, file));
  const env = { files: envFiles.length === 0 ? null : envFiles, directory, reference };
  const variables = await readVariables(includer.variables, env, loading.files, loading.report);
  return { paths, directory, variables, chain: includer.chain, reference };
}

function texts(tree: Tree | undefined): string[] {
  if (tree?.kind === 'scalar') return [tree.text];
  return tree?.kind === 'list' ? tree.items.flatMap(item => (item.kind === 'scalar' ? [item.text] : [])) : [];
}

function imported(model: MapTree, included: MapTree, report: Report): MapTree {
  let result = model;
  for (const section of SECTIONS) {
    const from = child(included, section);
    if (from?.kind !== 'map') continue;
    const to = child(result, section);
    if (to !== undefined && to.kind !== 'map') continue;
    const entries = new Map<string, TreeEntry>(to?.entries);
    for (const [name, entry] of from.entries) {
      const own = entries.get(name);
      if (own === undefined) entries.set(name, entry);
      else if (!isDeepStrictEqual(toValue(own.value), toValue(entry.value))) {
        const { source, line, column } = entry.keyLocation;
        report.error(own.keyLocation, `${section}.${name}`, `is defined differently in the included ${source.file}:${line}:${column}`);
      }
    }
    result = withEntry(result, section, map(to?.location ?? from.location, entries));
  }
  return result;
}
