import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { FailureError, failure } from '../shared/failure.js';

/**
 * Listens on a Unix socket that only its owner can reach: folder 0700, umask 077 before bind, socket 0600 (docs/security.md).
 * Removes a socket that an earlier daemon left; the caller holds the daemon's lock, so no process listens there.
 * Fails with daemon-unavailable when the folder belongs to another user or the socket cannot be bound.
 */
export async function listenUnix(app: FastifyInstance, path: string): Promise<void> {
  await app.ready();
  ownFolder(dirname(path));
  rmSync(path, { force: true });
  const before = process.umask(0o077);
  try {
    await app.listen({ path });
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
}

/** Creates the folder, or checks that it is a real folder of this user and closed to others; an existing one is never changed (it may be /tmp). */
export function ownFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw unusable(folder, 'it is not a folder');
  if (found.uid !== process.getuid?.()) throw unusable(folder, `it belongs to user ${found.uid}`);
  if ((found.mode & 0o077) === 0) return;
  // A folder with the sticky bit, such as /tmp, is shared.
  const remedies = (found.mode & 0o1000) === 0 ? [`chmod 700 ${folder} closes it, where it is yours alone.`] : [];
  throw unusable(folder, `it is open to other users (mode ${(found.mode & 0o7777).toString(8)})`, remedies);
}

function unusable(path: string, reason: string, remedies: readonly string[] = []): FailureError {
  return new FailureError(
    failure('daemon-unavailable', `The daemon cannot use ${path}: ${reason}.`, { path }, [
      ...remedies,
      'Name another place with LAPTOP_DEV_SOCKET=/a/folder/of/yours/daemon.sock, for the daemon and for laptop-dev.',
    ]),
  );
}
