import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A project's single file, whose name says nothing: its profile is called `default` unless it has a name. */
const SINGLE_FILE = /^laptop-dev\.ya?ml$/;

/** The YAML files of a folder by name, absolute; none when there is no such folder. */
export async function profileFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter(entry => !entry.isDirectory() && /^[^.].*\.ya?ml$/.test(entry.name)).map(entry => entry.name);
  return names.sort().map(name => join(folder, name));
}

/** The profile name that follows from the path; null for laptop-dev.yaml. */
export function profileNameOf(file: string): string | null {
  return SINGLE_FILE.test(basename(file)) ? null : basename(file).replace(/\.ya?ml$/, '');
}
