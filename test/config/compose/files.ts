import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadCompose } from '../../../daemon/config/compose/load.js';
import type { ComposeOptions, ComposeProject, ComposeResult, ComposeService } from '../../../daemon/config/compose/types.js';
import { formatProblem, type Problem } from '../../../daemon/shared/problem.js';

/** Writes the files into a folder named `app` of their own and returns it; it is removed after the test. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const outer = mkdtempSync(join(tmpdir(), 'laptop-dev-compose-'));
  onTestFinished(() => rmSync(outer, { recursive: true, force: true }));
  const folder = join(outer, 'app');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Loads `compose.yaml`, or the `files` named, from a folder with these files. */
export function load(files: Readonly<Record<string, string>>, options: Partial<ComposeOptions> = {}): Promise<ComposeResult> {
  const folder = folderWith(files);
  return loadCompose({
    projectDirectory: folder,
    projectName: null,
    environment: {},
    envFiles: null,
    profiles: [],
    ...options,
    files: (options.files ?? ['compose.yaml']).map(file => join(folder, file)),
  });
}

/** The project; fails with what is wrong when there is none. */
export async function loaded(files: Readonly<Record<string, string>>, options: Partial<ComposeOptions> = {}): Promise<ComposeProject> {
  const { project, problems } = await load(files, options);
  if (project === null) throw new Error(problems.map(formatProblem).join('\n'));
  return project;
}

/** The service `web` of a single file that consists of these lines below `web:`. */
export async function web(lines: string, options: Partial<ComposeOptions> = {}): Promise<ComposeService> {
  const project = await loaded({ 'compose.yaml': webFile(lines) }, options);
  const service = project.services.find(({ name }) => name === 'web');
  if (service === undefined) throw new Error('there is no service web');
  return service;
}

export function webFile(lines: string): string {
  const indented = lines
    .split('\n')
    .map(line => `    ${line}`)
    .join('\n');
  return `services:\n  web:\n    image: x\n${indented}\n`;
}

/** `line:column key: message` of each. */
export function brief(problems: readonly Problem[]): string[] {
  return problems.map(({ line, column, key, message }) => `${line}:${column} ${key}: ${message}`);
}
