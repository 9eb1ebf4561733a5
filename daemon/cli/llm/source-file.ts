import { createHash, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FailureError, failure } from '../../shared/failure.js';
import { checkMagic, type ModelSource } from './source.js';

const CHUNK = 128 * 1024;

/** A file here. Throws FailureError config-missing, model-refused. */
export async function openFile(path: string, cwd: string): Promise<ModelSource> {
  const file = await open(resolve(cwd, path), 'r').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code})`;
    throw new FailureError(failure('config-missing', `The file ${path} ${why}.`));
  });
  const chunks = async function* (from: number, until: number) {
    for (let at = from; at < until; ) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK, until - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new FailureError(failure('model-refused', `${path} became shorter while it was read.`));
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  };
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new FailureError(failure('model-refused', `${path} is not a file.`));
    const first = Buffer.alloc(4);
    checkMagic(path, first.subarray(0, (await file.read(first, 0, 4, 0)).bytesRead));
    /** Of the bytes before `upTo`. */
    let hash: Hash = createHash('sha256');
    let upTo = 0;
    return {
      what: path,
      bytes: found.size,
      of: 'a file',
      async hashOf(bytes) {
        hash = createHash('sha256');
        for await (const chunk of chunks(0, bytes)) hash.update(chunk);
        upTo = bytes;
        return hash.copy().digest('hex');
      },
      async *read(from, signal) {
        if (from !== upTo) {
          hash = createHash('sha256');
          upTo = from === 0 ? 0 : Number.NaN;
        }
        for await (const chunk of chunks(from, found.size)) {
          signal.throwIfAborted();
          hash.update(chunk);
          upTo += chunk.length;
          yield chunk;
        }
      },
      sum: () => (upTo === found.size ? hash.copy().digest('hex') : null),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
