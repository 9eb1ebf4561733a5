import { readdir } from 'node:fs/promises';
import { readHeader } from '../gguf/header.js';
import { ModelError } from '../model-error.js';
import { chosenModel, listModels, type ModelFile } from '../models.js';
import { knownSum, placesOf, sizeOf, textOf } from './files.js';
import { readOf } from './receive.js';

export interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly architecture: string | null;
  readonly quantisation: string | null;
  /** Longest that it was made for, tokens. */
  readonly contextLength: number | null;
  readonly sha256: string | null;
  /** Answers where a request names no model. */
  readonly isDefault: boolean;
  /** Why it cannot be loaded. */
  readonly problem: string | null;
}

export interface Unfinished {
  readonly name: string;
  readonly bytes: number;
  /** All of it; null: not known. */
  readonly of: number | null;
}

export interface List {
  readonly models: readonly Listed[];
  readonly parts: readonly Unfinished[];
}

/** What the folder has. `configured`: the model that the service's environment names. */
export async function list(folder: string, configured: string): Promise<List> {
  const files = await listModels(folder);
  const chosen = configured || (await chosenModel(folder)) || '';
  const used = files.some(({ name }) => name === chosen) ? chosen : files[0]?.name;
  return { models: await Promise.all(files.map(file => listed(folder, file, file.name === used))), parts: await parts(folder) };
}

async function listed(folder: string, { name, path, bytes }: ModelFile, isDefault: boolean): Promise<Listed> {
  const sha256 = await knownSum(placesOf(folder, name)).catch(() => null);
  const common = { name, bytes, sha256, isDefault };
  try {
    const { architecture, quantisation, contextLength } = await readHeader(path);
    return { ...common, architecture, quantisation, contextLength, problem: null };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return { ...common, architecture: null, quantisation: null, contextLength: null, problem: error.message };
  }
}

async function parts(folder: string): Promise<readonly Unfinished[]> {
  const names = await readdir(folder).catch(() => []);
  const found = names.flatMap(file => /^([A-Za-z0-9][A-Za-z0-9._-]*)\.gguf\.part$/.exec(file)?.[1] ?? []).sort();
  return Promise.all(
    found.map(async name => {
      const { part, partOf } = placesOf(folder, name);
      return { name, bytes: (await sizeOf(part)) ?? 0, of: readOf(await textOf(partOf)).bytes };
    }),
  );
}
