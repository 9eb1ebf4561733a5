import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { FailureError, failure } from './core/failure.js';

/**
 * Makes this the only daemon of a state folder, or fails with daemon-running and the other's PID. The lock is a socket in the
 * kernel's abstract namespace: taken and given up in one step, gone with the process however it ends, so never stale. The file
 * only tells people and `daemon status` the PID.
 */
export async function takeLock(lockFile: string, pid: number): Promise<void> {
  const name = `\0laptop-dev-${createHash('sha256').update(lockFile).digest('hex').slice(0, 32)}`;
  const server = createServer(socket => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(taken(error, lockFile)));
    server.listen(name, () => resolve());
  });
  server.unref();
  writeFileSync(lockFile, `${pid}\n`, { mode: 0o600 });
}

function taken(error: NodeJS.ErrnoException, lockFile: string): Error {
  if (error.code !== 'EADDRINUSE') return error;
  const pid = readPid(lockFile);
  return new FailureError(failure('daemon-running', `A daemon runs already${pid === null ? '' : `, PID ${pid}`}.`, { pid }));
}

export function readPid(lockFile: string): number | null {
  try {
    return Number.parseInt(readFileSync(lockFile, 'utf8'), 10) || null;
  } catch {
    return null;
  }
}
