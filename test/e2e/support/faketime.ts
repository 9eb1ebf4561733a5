import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A process's wall clock, set as one likes while it runs; its monotonic clock is the machine's. */
export interface FakeWall {
  /** Added to the environment of a process before it starts. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on it differs from the machine's by so many seconds. */
  set(seconds: number): void;
}

/** With libfaketime: this machine's, or unpacked into `folder` from Debian's package, which is not installed. */
export function fakeWall(folder: string): FakeWall {
  const file = join(folder, 'faketime');
  const set = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}s\n`);
  set(0);
  const env = {
    LD_PRELOAD: library('/') ?? unpacked(folder),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { env, set };
}

function library(root: string): string | null {
  const lib = join(root, 'usr/lib');
  const folders = existsSync(lib) ? readdirSync(lib).filter(name => name.includes('-linux-')) : [];
  return folders.map(name => join(lib, name, 'faketime/libfaketimeMT.so.1')).find(path => existsSync(path)) ?? null;
}

function unpacked(root: string): string {
  const folder = mkdtempSync(join(root, 'libfaketime-'));
  execFileSync('apt-get', ['download', 'libfaketime'], { cwd: folder, stdio: 'ignore' });
  const archive = readdirSync(folder).find(name => name.endsWith('.deb')) ?? '';
  execFileSync('dpkg-deb', ['-x', join(folder, archive), folder]);
  const found = library(folder);
  if (found === null) throw new Error("Debian's package libfaketime holds no libfaketimeMT.so.1");
  return found;
}
