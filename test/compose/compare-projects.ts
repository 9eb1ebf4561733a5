import { readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { loadCompose } from '../../daemon/compose/load.js';
import { formatProblem } from '../../daemon/core/problem.js';
import { askCompose } from './docker-compose.js';
import { reduceOurs, reduceRecorded } from './oracle.js';

/**
 * Compares whole projects: `scripts/compare-compose.mjs DOCKER-COMPOSE FOLDER` reads every Compose file below FOLDER with both and prints a
 * line for each, then what differs. For files that cannot be part of this repository.
 */
export async function compareProjects(binary: string, root: string, write: (line: string) => void): Promise<number> {
  let different = 0;
  for (const file of composeFilesBelow(root)) {
    const folder = dirname(file);
    const environment = { PATH: process.env['PATH'], HOME: '/home/user', PWD: folder };
    const answer = askCompose(binary, folder, [basename(file)], environment, ['-p', 'p', '--profile', '*']);
    const ours = await loadCompose({
      files: [file],
      projectDirectory: folder,
      projectName: 'p',
      environment,
      envFiles: null,
      profiles: ['*'],
    });
    const notes: string[] = [];
    if ('refused' in answer && ours.project !== null)
      notes.push(`accepted here alone; docker-compose: ${answer.refused.split('\n').at(-1)}`);
    if ('model' in answer && ours.project === null) notes.push(...ours.problems.map(problem => `refused here: ${formatProblem(problem)}`));
    if ('model' in answer && ours.project !== null)
      notes.push(...differences(plain(reduceOurs(ours.project)), plain(reduceRecorded(answer.model)), ''));
    const [theirs, mine] = ['model' in answer ? 'accepted' : 'refused', ours.project === null ? 'refused' : 'accepted'];
    if (notes.length > 0) different++;
    write(`${relative(root, file)}\t${theirs}\t${mine}\t${notes.length === 0 ? 'same' : 'differs'}`);
    for (const note of notes) write(`    ${note}`);
  }
  return different;
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
