import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cli } from '../cli.js';

/** Files are read up to so many bytes: what is larger holds no variables of people. */
const STATE_BYTES = 64 * 1024 * 1024;
const DOTENV_BYTES = 256 * 1024;
/** Folders that are looked into, and files in each. */
const MOST_PROJECTS = 200;
const MOST_FILES = 30;

/** Name and value of a variable. */
export type Variable = readonly [name: string, value: string];

export interface OfOthers {
  readonly variables: readonly Variable[];
  /** Texts of secrets and configs that are put into containers. */
  readonly texts: readonly string[];
}

/**
 * What the daemon knows of any project, and what stands in .env files beside them: another project's last words may be in the log. Out of
 * the daemon's state file, as a report is made where no daemon answers too.
 */
export async function variablesOfAll({ client, paths }: Cli): Promise<OfOthers> {
  const state = parsed(await contentOf(paths.stateFile, STATE_BYTES));
  const found = { variables: [] as Variable[], texts: [] as string[], roots: new Set<string>() };
  gather(state, found, 0);
  for (const { root } of await client.projects().catch(() => [])) found.roots.add(root);
  const files = await Promise.all([...found.roots].slice(0, MOST_PROJECTS).map(dotenvFiles));
  const texts = await Promise.all(files.flat().map(file => contentOf(file, DOTENV_BYTES)));
  return { variables: [...found.variables, ...texts.flatMap(text => variablesIn(text ?? ''))], texts: found.texts };
}

/** Whatever the form of the file: wherever an environment, build arguments or a text for a container stand. */
function gather(value: unknown, found: { variables: Variable[]; texts: string[]; roots: Set<string> }, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > 20) return;
  for (const [key, each] of Object.entries(value)) {
    if (key === 'root' && typeof each === 'string' && each.startsWith('/')) found.roots.add(each);
    if (key === 'text' && typeof each === 'string' && Reflect.get(value, 'kind') === 'content') found.texts.push(each);
    if ((key === 'environment' || key === 'args') && typeof each === 'object' && each !== null && !Array.isArray(each)) {
      found.variables.push(...Object.entries(each).filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
    }
    gather(each, found, depth + 1);
  }
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

async function dotenvFiles(root: string): Promise<readonly string[]> {
  const names = await readdir(root).catch(() => []);
  return names
    .filter(name => /^\.env(?:\..+)?$|\.env$/.test(name))
    .slice(0, MOST_FILES)
    .map(name => join(root, name));
}

const ASSIGNMENT = /^[ \t]{0,64}(?:export[ \t]{1,8})?([A-Za-z_][\w.-]{0,200})[ \t]{0,8}[=:][ \t]{0,8}([^\r\n]*)/gm;

/** NAME=value of each line, as written and without its quotes and what is a comment. */
export function variablesIn(text: string): readonly Variable[] {
  return [...text.matchAll(ASSIGNMENT)].flatMap(([, name = '', written = '']): Variable[] => {
    const value = written.trim();
    const quoted = /^(["'])([^\n]*)\1/.exec(value)?.[2];
    const bare = quoted ?? value.replace(/[ \t]#[\s\S]*$/, '').trim();
    return [...new Set([bare, quoted === undefined ? bare : value.slice(1, -1), bare.replaceAll('\\n', '\n').replaceAll('\\"', '"')])]
      .filter(Boolean)
      .map(each => [name, each]);
  });
}

/** The text of a file; null when it is none, no file of its own (a pipe or a device would not end), or too large. */
async function contentOf(file: string, most: number): Promise<string | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return null;
  try {
    const found = await handle.stat();
    return found.isFile() && found.size <= most ? await handle.readFile('utf8') : null;
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
