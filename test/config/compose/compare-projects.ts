import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadCompose } from '../../../daemon/config/compose/load.js';
import { formatProblem } from '../../../daemon/shared/problem.js';
import { type Answer, askCompose } from './docker-compose.js';
import { fetchProject, type ListedProject } from './fetch-project.js';
import { reduceOurs, reduceRecorded } from './oracle.js';

/** Files of one project, and how they are read. */
interface Asked {
  readonly folder: string;
  readonly files: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly profiles: readonly string[];
}

interface Comparison {
  readonly outcome: 'same' | 'refused' | 'differs';
  /** What differs, or why both refuse. */
  readonly notes: readonly string[];
}

/** Compares every Compose file below a folder, each as a project of its own, and writes a line for each, then what differs. Returns how many differ. */
export async function compareFolder(binaries: readonly string[], root: string, write: (line: string) => void): Promise<number> {
  let different = 0;
  for (const file of composeFilesBelow(root)) {
    const { outcome, notes } = await compare(binaries, { folder: dirname(file), files: [file], environment: {}, profiles: ['*'] });
    if (outcome === 'differs') different++;
    write(`${outcome}\t${relative(root, file)}`);
    if (outcome === 'differs') for (const note of notes) write(`    ${note}`);
  }
  return different;
}

/** The same of the projects in a list such as projects.json, fetched into `root`. Returns how many sets of files come to something else than it says. */
export async function compareListed(
  binaries: readonly string[],
  list: string,
  root: string,
  write: (line: string) => void,
  filter = '',
): Promise<number> {
  const projects: readonly ListedProject[] = JSON.parse(readFileSync(list, 'utf8'));
  let unexpected = 0;
  for (const project of projects.filter(({ repository }) => repository.includes(filter))) {
    const { repository, sets, environment = {}, profiles = ['*'] } = project;
    const root_ = fetchProject(root, project);
    for (const { files, outcome: expected, reason, differences = '^$' } of sets) {
      const paths = files.map(file => join(root_, file));
      const { outcome, notes } = await compare(binaries, { folder: dirname(paths[0] ?? root_), files: paths, environment, profiles });
      const asListed =
        expected === 'listed' ? outcome === 'differs' && notes.every(note => new RegExp(differences).test(note)) : outcome === expected;
      if (!asListed) unexpected++;
      write(
        `${asListed ? expected : `NOT AS LISTED (${expected}): ${outcome}`}\t${repository}\t${files.join(' ')}${reason ? `\t${reason}` : ''}`,
      );
      if (!asListed || outcome !== 'same') for (const note of notes) write(`    ${note}`);
    }
  }
  return unexpected;
}

/** Of several versions of docker-compose, any is Compose: the one that is nearest to ours counts. */
async function compare(binaries: readonly string[], asked: Asked): Promise<Comparison> {
  const { folder, files, profiles } = asked;
  const environment = { PATH: process.env['PATH'], HOME: '/home/user', PWD: folder, ...asked.environment };
  const flags = ['-p', 'p', ...profiles.flatMap(profile => ['--profile', profile])];
  const ours = await loadCompose({ files, projectDirectory: folder, projectName: 'p', environment, envFiles: null, profiles });
  let nearest: Comparison | null = null;
  for (const binary of binaries) {
    const found = comparison(askCompose(binary, folder, files, environment, flags), ours);
    if (found.outcome !== 'differs') return found;
    if (nearest === null || found.notes.length < nearest.notes.length) nearest = found;
  }
  if (nearest === null) throw new Error('no docker-compose is named');
  return nearest;
}

function comparison(answer: Answer, { project, problems }: Awaited<ReturnType<typeof loadCompose>>): Comparison {
  const said = problems.map(problem => `here: ${formatProblem(problem)}`);
  if ('refused' in answer) {
    const notes = [`docker-compose: ${answer.refused.split('\n').at(-1)}`, ...said];
    return project === null
      ? { outcome: 'refused', notes }
      : { outcome: 'differs', notes: notes.map(note => `accepted here alone: ${note}`) };
  }
  if (project === null) return { outcome: 'differs', notes: said.map(problem => `refused ${problem}`) };
  const notes = differences(plain(reduceOurs(project)), plain(reduceRecorded(answer.model)), '');
  return { outcome: notes.length === 0 ? 'same' : 'differs', notes };
}

function composeFilesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => a.name.localeCompare(b.name))
    .flatMap(entry => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return composeFilesBelow(path);
      return entry.isFile() && /^(docker-)?compose[^/]*\.ya?ml$/.test(entry.name) ? [path] : [];
    });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function differences(ours: unknown, theirs: unknown, path: string): string[] {
  if (isDeepStrictEqual(ours, theirs)) return [];
  if (isMap(ours) && isMap(theirs)) {
    const keys = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
    return keys.flatMap(key => differences(ours[key], theirs[key], path === '' ? key : `${path}.${key}`));
  }
  return [`${path}: here ${JSON.stringify(ours)}, docker-compose ${JSON.stringify(theirs)}`];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
