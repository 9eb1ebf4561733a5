import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** Folders made here and not removed yet: a process that is given up (its daemon was killed) leaves none. */
const staged = new Set<string>();
process.on('exit', () => {
  for (const folder of staged) rmSync(folder, { recursive: true, force: true });
});

export interface ContextTar {
  readonly stream: Readable;
  /** Resolves when tar has ended well; rejects with its words. */
  readonly finished: Promise<void>;
  /** Removes what was written for it. */
  remove(): Promise<void>;
}

/**
 * A tar of the given paths of a folder, and of files that are made up for it. Everything belongs to 0:0 in it, as with the engine's
 * own client. GNU tar does the work: it is on every Linux machine and knows long names, links and sparse files.
 */
export async function contextTar(root: string, paths: readonly string[], extra: Readonly<Record<string, string>>): Promise<ContextTar> {
  const staging = await mkdtemp(join(tmpdir(), 'laptop-dev-build-'));
  staged.add(staging);
  for (const [name, content] of Object.entries(extra)) await writeFile(join(staging, name), content);
  await writeFile(join(staging, 'paths'), paths.map(path => `./${path}\0`).join(''));
  // tar takes a -C that nothing follows for a mistake
  const made = Object.keys(extra).length > 0 ? ['-C', staging, ...Object.keys(extra).map(name => `./${name}`)] : [];
  const args = ['--create', '--file=-', '--owner=0', '--group=0', '--numeric-owner', '--no-recursion', '--null', '--verbatim-files-from'];
  const child = spawn('tar', [...args, '-C', root, `--files-from=${join(staging, 'paths')}`, ...made], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const words = text(child.stderr);
  const finished = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', async code => (code === 0 ? resolve() : reject(new Error(`tar ended with ${code}: ${(await words).trim()}`))));
  });
  // Heard of by whoever awaits it; until then it must not count as unhandled.
  finished.catch(() => undefined);
  return {
    // Read at once: Node throws away the output of a child that has ended while nobody reads it.
    stream: child.stdout.pipe(new PassThrough()),
    finished,
    async remove() {
      await rm(staging, { recursive: true, force: true });
      staged.delete(staging);
    },
  };
}
