import { randomBytes } from 'node:crypto';
import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises';
import { FailureError, failure } from '../core/failure.js';

/** Temp file and rename: never half a file. A file that was there keeps its mode. Fails with config-invalid when it cannot be written. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    const before = await stat(file).catch(() => null);
    if (before !== null) await chmod(temporary, before.mode & 0o7777);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new FailureError(
      failure('config-invalid', `${file} cannot be written: ${error.message}`, { file }, ['Make the folder writable.']),
    );
  }
}
