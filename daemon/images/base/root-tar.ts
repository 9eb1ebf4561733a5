import { spawn } from 'node:child_process';
import { PassThrough, type Readable } from 'node:stream';

/** A tar of a root file system, for import. Without /dev: the engine brings its own, and a rootless one could not make the nodes. */
export function tarOfRoot(root: string): { readonly stream: Readable; readonly finished: Promise<void> } {
  const child = spawn(
    'tar',
    ['--create', '--file=-', '--numeric-owner', '--exclude=./dev/*', '--exclude=./proc/*', '--exclude=./sys/*', '-C', root, '.'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const finished = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => (code === 0 ? resolve() : reject(new Error(`tar of the base image ended with ${code}`))));
  });
  finished.catch(() => undefined);
  return { stream: child.stdout.pipe(new PassThrough()), finished };
}
