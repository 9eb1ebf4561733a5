import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ManageError } from './manage-error.js';

/** How often one hears of a file that is being read, bytes. */
const NEWS = 64 * 1024 * 1024;

export interface Places {
  readonly name: string;
  readonly model: string;
  readonly part: string;
  /** What the part is of, and who writes it. */
  readonly partOf: string;
  readonly sum: string;
}

/** The files of a model. Throws `usage` for a name that is more than a name. */
export function placesOf(folder: string, name: string): Places {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name) || name.endsWith('.gguf'))
    throw new ManageError(
      'usage',
      `${JSON.stringify(name)} is no name of a model: letters, digits, dots, dashes and underscores, without .gguf.`,
    );
  const model = join(folder, `${name}.gguf`);
  return { name, model, part: `${model}.part`, partOf: `${model}.part.of`, sum: `${model}.sha256` };
}

/** null: it is not there, or no file. */
export async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

export async function textOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

/** The hash of a file so far, to go on with. `onRead`: how much was read, now and then. */
export async function hashOf(path: string, onRead: (bytes: number) => void): Promise<Hash> {
  const hash = createHash('sha256');
  let read = 0;
  let told = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
    read += chunk.length;
    if (read - told < NEWS) continue;
    told = read;
    onRead(read);
  }
  return hash;
}

/** The model's SHA-256 as it was written down when it was added; null: it was put there in another way, or changed since. */
export async function knownSum({ model, sum }: Places): Promise<string | null> {
  const text = (await textOf(sum))?.trim() ?? '';
  if (!/^[0-9a-f]{64}$/.test(text)) return null;
  const [of, written] = await Promise.all([stat(model).catch(() => null), stat(sum).catch(() => null)]);
  return of && written && of.mtimeMs <= written.mtimeMs ? text : null;
}

/** Beside it first, then renamed: nobody reads half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** Makes a part the model: the checksum of an earlier model goes first, so that it is never taken for this one's. */
export async function install({ model, part, partOf, sum }: Places, sha256: string): Promise<void> {
  await rm(sum, { force: true });
  await rename(part, model);
  await writeWhole(sum, `${sha256}\n`);
  await rm(partOf, { force: true });
}

export async function dropPart({ part, partOf }: Places): Promise<void> {
  await Promise.all([part, partOf].map(path => rm(path, { force: true })));
}
