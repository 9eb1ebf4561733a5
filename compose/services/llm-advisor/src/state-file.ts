import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Written beside and renamed. A disk that cannot be written to costs what would have been kept, nothing else. */
export async function writeState(path: string, value: object): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, JSON.stringify(value));
    await rename(temporary, path);
  } catch {
    // As said above.
  }
}

/** null: it is not there, or is no JSON. */
export async function readState(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}
