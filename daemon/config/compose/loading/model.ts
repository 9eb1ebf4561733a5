import { substitute } from '../interpolation/substitute.js';
import type { Report } from '../tree/report.js';
import { child, type MapTree, type SourceFile, type Tree, type Variables } from '../tree/tree.js';
import { applyExtends } from './extends.js';
import type { FileReference, Files } from './files.js';
import { applyIncludes } from './include.js';
import { mergeFiles, mergeTrees } from './merge.js';
import { parseComposeYaml } from './parse.js';
import { validateModel } from './validate.js';

/** Far beyond a laptop; keeps what is quadratic in services harmless. */
const MAX_SERVICES = 500;
/** Two files that each include the next one twice double with every step. */
const MAX_MODELS = 500;
/** A file that is included from several places is read once, but parsed with the variables of each. */
const MAX_PARSED = 2 * 1024 * 1024;

/** The state shared by all files of one load. */
export interface Loading {
  readonly files: Files;
  readonly report: Report;
  /** Number of models loaded so far: the project's and each include. */
  models: number;
  /** Characters parsed so far. */
  parsed: number;
  /** Documents read so far: the project's own files are looked at before, for their `name:`. */
  readonly documents: Map<string, { readonly source: SourceFile; readonly trees: Promise<Tree[] | null> }>;
}

/** A set of files that are merged with each other: the project's own, or those of one include. */
export interface ModelRequest {
  readonly paths: readonly string[];
  /** Relative paths start here. */
  readonly directory: string;
  readonly variables: Variables;
  /** Files that include this one, outermost first. */
  readonly chain: readonly string[];
  readonly reference: FileReference;
}

/** Documents of one file as trees, before interpolation. Null: not readable, which is reported. */
export function readDocuments(source: SourceFile, reference: FileReference, loading: Loading): Promise<Tree[] | null> {
  const known = loading.documents.get(source.file);
  // The same file included from elsewhere has other variables or another folder.
  if (known?.source.directory === source.directory && known.source.variables === source.variables) return known.trees;
  const trees = parseFile(source, reference, loading);
  loading.documents.set(source.file, { source, trees });
  return trees;
}

async function parseFile(source: SourceFile, reference: FileReference, loading: Loading): Promise<Tree[] | null> {
  const text = await loading.files.read(source.file, reference);
  if (text === null) return null;
  loading.parsed += text.length;
  if (loading.parsed <= MAX_PARSED) return parseComposeYaml(text.replace(/^\uFEFF/, ''), source, loading.report);
  loading.report.error(
    reference.location ?? source.file,
    reference.key,
    `the files, each as often as it is included, come to more than ${MAX_PARSED} characters`,
  );
  return null;
}

/** The files of one model, interpolated, extended, with their includes, merged and checked against the schema. Null: nothing usable. */
export async function loadModel(request: ModelRequest, loading: Loading): Promise<MapTree | null> {
  loading.models++;
  if (loading.models > MAX_MODELS) {
    loading.report.error(request.reference.location ?? request.directory, request.reference.key, `more than ${MAX_MODELS} includes`);
    return null;
  }
  let model: MapTree | null = null;
  for (const path of request.paths) {
    const source: SourceFile = { file: path, directory: request.directory, variables: request.variables };
    const documents = await readDocuments(source, request.reference, loading);
    for (const document of documents ?? []) {
      const complete = await completeDocument(document, path, request, loading);
      if (complete === null) continue;
      const merged: Tree = mergeFiles(model, complete, loading.report);
      if (merged.kind !== 'map' || tooManyServices(merged, loading.report)) return null;
      // Each file must be right with those before it, as in Compose; what a later one would mend is a mistake all the same.
      if (!validateModel(merged, loading.report)) return null;
      model = merged;
    }
    // One of several files may hold comments only: an override that is not used yet.
    if (documents?.length === 0 && request.paths.length === 1)
      loading.report.error({ source, line: 1, column: 1 }, '', 'the file is empty', { expected: 'services:' });
  }
  return model;
}

async function completeDocument(document: Tree, path: string, request: ModelRequest, loading: Loading): Promise<MapTree | null> {
  if (document.kind !== 'map') {
    loading.report.error(document.location, '', 'the file is not a mapping', { expected: 'services:' });
    return null;
  }
  const substituted = substitute(document, loading.report);
  if (substituted.kind !== 'map' || tooManyServices(substituted, loading.report)) return null;
  const { files, report } = loading;
  const readServices = (source: SourceFile, reference: FileReference) => readExtended(source, reference, loading);
  const extended = await applyExtends(substituted, { files, report, readServices });
  const includer = { ...request, chain: [...request.chain, path] };
  return applyIncludes(extended, includer, { files, report, loadModel: included => loadModel(included, loading) });
}

/** Asked of each file and of what several come to. */
function tooManyServices(model: Tree, report: Report): boolean {
  const services = child(model, 'services');
  if (services?.kind !== 'map' || services.entries.size <= MAX_SERVICES) return false;
  report.error(services.location, 'services', `${services.entries.size} services are defined; at most ${MAX_SERVICES} are read`);
  return true;
}

/** A file that `extends` names: its services, with paths relative to its own folder. Null: reported. */
async function readExtended(source: SourceFile, reference: FileReference, loading: Loading): Promise<Tree | null> {
  const documents = await readDocuments(source, reference, loading);
  if (documents === null) return null;
  let model: Tree | null = null;
  for (const document of documents) {
    const tree = substitute(document, loading.report);
    // Tags stay: a service of this file may reset what it extends from another one.
    model = model === null ? tree : mergeTrees(model, tree, [], loading.report);
  }
  return child(model ?? undefined, 'services') ?? null;
}
