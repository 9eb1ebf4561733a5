import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { openEngine } from './open-engine.js';

/**
 * Makes `reference` (name:tag) present at the engine: a static busybox with all its applets in /bin, about 2 MB, no registry needed. Present
 * already: nothing is done. busybox-static is taken from this machine, or unpacked from Debian's package without installing it.
 */
export async function tinyImage(endpoint: string, reference: string): Promise<void> {
  const client = openEngine(endpoint);
  if (await present(client, reference)) return;
  const [repo = '', tag = 'latest'] = reference.split(':');
  made ??= tarOfBusybox();
  const stream = await client.importImage(Readable.from([made]), {});
  let answer = '';
  for await (const chunk of stream) answer += String(chunk);
  // Named afterwards, by the id in the last line: Podman's compatible API takes the name but not the tag.
  const id = /"status":"(?:sha256:)?([0-9a-f]{64})/.exec(answer)?.[1];
  if (!id) throw new Error(`the import answered ${answer}`);
  await client.getImage(id).tag({ repo, tag });
}

/** Of this process, which runs one test file after the other: the package is not downloaded again for each. */
let made: Buffer | undefined;

async function present(client: Dockerode, reference: string): Promise<boolean> {
  try {
    await client.getImage(reference).inspect();
    return true;
  } catch {
    return false;
  }
}

export async function removeImage(endpoint: string, reference: string): Promise<void> {
  await openEngine(endpoint)
    .getImage(reference)
    .remove({ force: true })
    .catch(() => undefined);
}

function tarOfBusybox(): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'tiny-image-'));
  try {
    for (const folder of ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'run', 'sys', 'tmp', 'var']) mkdirSync(join(root, folder));
    const source = busybox(root);
    copyFileSync(source, join(root, 'bin', 'busybox'));
    const applets = execFileSync(source, ['--list'], { encoding: 'utf8' }).trim().split('\n');
    for (const name of applets) if (name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name));
    writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n');
    writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nuser:x:1000:\n');
    return execFileSync('tar', ['-C', root, '--owner=0', '--group=0', '--exclude=./package', '-c', '.'], { maxBuffer: 32 * 1024 * 1024 });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A busybox that needs no shared library. */
function busybox(root: string): string {
  const isStatic = (file: string): boolean => existsSync(file) && /not a dynamic|statically/.test(ldd(file));
  const found = ['/usr/bin/busybox', '/bin/busybox'].find(isStatic);
  if (found) return found;
  const folder = join(root, 'package');
  mkdirSync(folder);
  run('apt-get', ['download', 'busybox-static'], folder);
  const archive = readdirSync(folder).find(name => name.endsWith('.deb')) ?? '';
  run('dpkg-deb', ['-x', join(folder, archive), folder], folder);
  const unpacked = ['usr/bin/busybox', 'bin/busybox'].map(path => join(folder, path)).find(path => existsSync(path));
  if (!unpacked) throw new Error('busybox-static holds no busybox');
  return unpacked;
}

/** ldd fails on a static binary and says so on either stream. */
function ldd(file: string): string {
  try {
    return execFileSync('sh', ['-c', 'ldd "$1" 2>&1', 'sh', file], { encoding: 'utf8' });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: 'ignore' });
}
