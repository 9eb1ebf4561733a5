import { readVariables } from './interpolation/variables.js';
import { Files } from './loading/files.js';
import { type Loading, loadModel, readDocuments } from './loading/model.js';
import { composeProjectName } from './loading/project-name.js';
import { normaliseProject } from './normalise/project.js';
import { Cursor } from './tree/cursor.js';
import { Report } from './tree/report.js';
import type { MapTree, SourceFile, Tree, Variables } from './tree/tree.js';
import type { ComposeOptions, ComposeProject, ComposeResult } from './types.js';

const NOBODY = { location: null, key: '' };

/**
 * Reads Compose files: merged, interpolated, with extends and includes, checked, in long form. Mistakes come back as
 * problems with their locations, all of them at once; nothing is written and nothing is fetched.
 */
export async function loadCompose(options: ComposeOptions): Promise<ComposeResult> {
  const report = new Report();
  const files = new Files(report);
  const project = await load(options, files, report);
  report.close();
  report.sort(files.sources);
  return { project: report.problems.length === 0 ? project : null, problems: report.problems, warnings: report.warnings };
}

async function load(options: ComposeOptions, files: Files, report: Report): Promise<ComposeProject | null> {
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(options.environment)) if (value !== undefined) given.set(name, value);
  const env = { directory: options.projectDirectory, reference: NOBODY };
  const outer = await readVariables(given, { ...env, files: options.outerEnvFiles ?? [] }, files, report);
  const variables = await readVariables(outer, { ...env, files: options.envFiles }, files, report);
  const loading: Loading = { files, report, models: 0, parsed: 0, documents: new Map() };
  const documents = await topDocuments(options, variables, loading);
  const name = composeProjectName(options, documents, variables, report);
  // As in Compose, a file can use the name.
  variables.set('COMPOSE_PROJECT_NAME', name ?? '');
  const request = { paths: options.files, directory: options.projectDirectory, variables, chain: [], reference: NOBODY };
  const model: MapTree | null = await loadModel(request, loading);
  if (options.files.length === 0) report.error(options.projectDirectory, '', 'no Compose file is named');
  if (model === null) return null;
  const active =
    options.profiles.length > 0 ? options.profiles : (variables.get('COMPOSE_PROFILES') ?? '').split(',').map(profile => profile.trim());
  // Without a name the rest is checked all the same, so that all mistakes come at once.
  const project = await normaliseProject(new Cursor(model, '', report), name ?? 'project', active, files);
  return { ...project, sources: files.sources, realSources: files.real };
}

/** The files before interpolation, for their `name:` alone. */
async function topDocuments(options: ComposeOptions, variables: Variables, loading: Loading): Promise<Tree[]> {
  const found: Tree[] = [];
  for (const file of options.files) {
    const source: SourceFile = { file, directory: options.projectDirectory, variables };
    found.push(...((await readDocuments(source, NOBODY, loading)) ?? []));
  }
  return found;
}
