import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from './model-error.js';

export interface ModelFile {
  /** Its file without .gguf: what requests name. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** ms since the epoch. */
  readonly changed: number;
}

/** The file that names the model which answers where a request names none. */
export const USE = '.use';

/** What `laptop-dev llm models use` has chosen; null: nothing. */
export async function chosenModel(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, USE), 'utf8').catch(() => '');
  return text.trim() || null;
}

/** The models in the folder, by name. A folder that is not there has none. */
export async function listModels(folder: string): Promise<readonly ModelFile[]> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names
      .filter(name => /^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$/.test(name))
      .map(async name => {
        const path = join(folder, name);
        const found = await stat(path).catch(() => null);
        return found?.isFile() ? [{ name: name.slice(0, -'.gguf'.length), path, bytes: found.size, changed: found.mtimeMs }] : [];
      }),
  );
  return files.flat().sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * The model with this name; without one, that of the configuration, else the chosen one while it is there, else the first. Throws `not-found` with
 * the names that there are.
 */
export async function findModel(folder: string, wanted: string, configured: string): Promise<ModelFile> {
  const models = await listModels(folder);
  const [first] = models;
  if (!first)
    throw new ModelError('not-found', 'There is no model yet.', {
      remedies: ['laptop-dev llm models add FILE', 'laptop-dev llm models make-tiny'],
    });
  const name = wanted || configured;
  const chosen = name === '' ? await chosenModel(folder) : null;
  const found = name === '' ? (models.find(model => model.name === chosen) ?? first) : models.find(model => model.name === name);
  if (found) return found;
  const names = models.map(model => model.name);
  throw new ModelError(
    'not-found',
    `There is no model ${JSON.stringify(name)}; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`,
    { models: names },
  );
}
