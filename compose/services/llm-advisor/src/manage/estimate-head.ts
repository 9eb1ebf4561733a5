import { open, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/engine.js';
import { readHeader } from '../gguf/header.js';
import { ModelError } from '../model-error.js';
import { ACK, type Input } from './input.js';
import { type Estimated, estimate } from './verbs.js';

const MiB = 1024 * 1024;

/**
 * Estimates a model of which only the beginning is sent, acknowledged as it comes: the header tells all. The rest of the file is a hole.
 * Throws ModelError.
 */
export async function estimateHead(
  folder: string,
  { name, bytes }: { readonly name: string; readonly bytes: number },
  how: { readonly context: number; readonly maximum: number; readonly engine: Engine },
  { input, say }: { readonly input: Input; readonly say: (line: object) => void },
): Promise<Estimated> {
  const path = join(folder, '.estimate');
  say({ kind: 'ready', there: null, part: null });
  try {
    await writeHead(path, bytes, input, say);
    await truncate(path, bytes);
    return await estimate({ name, path, bytes }, how, null);
  } finally {
    await rm(path, { force: true });
  }
}

/** Until the header is complete, or the input ends. */
async function writeHead(path: string, bytes: number, input: Input, say: (line: object) => void): Promise<void> {
  const file = await open(path, 'w');
  try {
    let [at, told, looked] = [0, 0, 0];
    while (at < bytes) {
      const more = await input.take(Math.min(ACK, bytes - at));
      if (!more) break;
      await file.writeFile(more);
      at += more.length;
      if (at - told >= ACK) {
        told = at;
        say({ kind: 'ack', bytes: at });
      }
      if (at - looked < MiB) continue;
      looked = at;
      if (await isComplete(path, bytes)) break;
    }
  } finally {
    await file.close();
  }
}

async function isComplete(path: string, bytes: number): Promise<boolean> {
  try {
    await readHeader(path, bytes);
    return true;
  } catch (error) {
    if (error instanceof ModelError && error.details['cut'] === true) return false;
    throw error;
  }
}
