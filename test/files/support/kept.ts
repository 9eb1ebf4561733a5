import * as node from 'node:fs';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { writeProjectFile } from '../../../daemon/config/project/write/project-file.js';
import type { Calls } from '../../../daemon/files/write-whole.js';
import { fileOf, seal } from '../../../daemon/history/day-files.js';
import { knownBuilds } from '../../../daemon/images/known-builds.js';
import { undoChanged } from '../../../daemon/platform/wsl/changed-file.js';
import { loadConfig, saveConfig } from '../../../daemon/platform/wsl/wslconfig/file.js';
import { createTickFile } from '../../../daemon/schedule/tick-file.js';
import { createStateFile } from '../../../daemon/state-file/state-file.js';

const { openSync, writeSync, fsyncSync, closeSync, fchmodSync, fchownSync, renameSync, linkSync, unlinkSync, fsync, close } = node;
const NODE: Calls = { openSync, writeSync, fsyncSync, closeSync, fchmodSync, fchownSync, renameSync, linkSync, unlinkSync, fsync, close };

export type Name = keyof Calls;

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ld-files-'));
  onTestFinished(() => node.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function faultOf(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** The file system with one call that fails, from the `nth` on (0: the first); `written`: the calls made. */
export function failing(name: Name, code: string, nth = 0): Calls & { readonly made: Name[] } {
  const made: Name[] = [];
  let seen = 0;
  const through = (each: Name, ...args: unknown[]): unknown => {
    made.push(each);
    if (each === name && seen++ >= nth) {
      const last = args.at(-1);
      if (typeof last === 'function') return last(faultOf(code));
      throw faultOf(code);
    }
    return (NODE[each] as (...all: unknown[]) => unknown)(...args);
  };
  const calls = Object.fromEntries((Object.keys(NODE) as Name[]).map(each => [each, (...args: unknown[]) => through(each, ...args)]));
  return { ...(calls as unknown as Calls), made };
}

/** Writes at most `most` bytes at once, and none at all beyond `room`: what a disk does that is nearly full. */
export function narrow(most: number, room = Number.POSITIVE_INFINITY): Calls {
  let left = room;
  const writeSync = ((descriptor: number, bytes: Uint8Array, from?: number | null, size?: number | null) => {
    const offset = from ?? 0;
    const length = size ?? bytes.length - offset;
    if (left === 0) throw faultOf('ENOSPC');
    const written = node.writeSync(descriptor, bytes, offset, Math.min(length, most, left));
    left -= written;
    return written;
  }) as typeof node.writeSync;
  return { ...node, writeSync };
}

/** One kind of file that is kept. */
export interface Kept {
  readonly what: string;
  /** Where it lies in a folder. */
  readonly file: (folder: string) => string;
  /** Writes a content that differs for each `version`. Throws, or returns a failure, where it cannot. */
  readonly write: (folder: string, version: number, calls?: Calls) => unknown;
  /** What is read back, as JSON. */
  readonly read: (folder: string) => unknown;
}

const NOON = Date.UTC(2026, 2, 10, 12);
const day = (folder: string) => fileOf(join(folder, 'history'), NOON);
const point = (at: number) => `${JSON.stringify({ at, id: 'shop/api', p: 1, peak: 2, cpu: null })}\n`;

/** A day whose lines are out of order `version` times over, so that rolling it up writes it anew. */
function unsealed(folder: string, version: number): void {
  mkdirSync(join(folder, 'history'), { recursive: true });
  node.writeFileSync(day(folder), `${point(NOON + version)}${point(NOON)}torn`, { mode: 0o600 });
}

/** Every file that laptop-dev writes and keeps. */
export const KEPT: readonly Kept[] = [
  {
    what: 'the state',
    file: folder => join(folder, 'state.json'),
    write: (folder, version, calls) =>
      createStateFile(join(folder, 'state.json'), () => null, calls ? { calls } : {}).save({
        version: 1,
        projects: [],
        trusted: [`hash ${version} ${'x'.repeat(20_000)}`],
      }),
    read: folder => createStateFile(join(folder, 'state.json'), () => null).load(),
  },
  {
    what: 'the last ticks',
    file: folder => join(folder, 'ticks.json'),
    write: (folder, version, calls) =>
      createTickFile(join(folder, 'ticks.json'), () => undefined, calls).save({ job: { expressions: '* * * * *', until: version } }),
    read: folder => createTickFile(join(folder, 'ticks.json')).load(),
  },
  {
    what: 'what was built',
    file: folder => join(folder, 'images', node.readdirSync(join(folder, 'images'))[0] ?? ''),
    write: (folder, version, calls) => knownBuilds(folder, calls).write('shop/api', { quick: `q${version}`, imageId: 'sha256:1' }),
    read: folder => knownBuilds(folder).read('shop/api'),
  },
  {
    what: 'a day of the history that is rolled up',
    file: day,
    write: (folder, version, calls) => {
      if (!calls) unsealed(folder, version);
      else seal(join(folder, 'history'), day(folder), calls);
    },
    read: folder => readFileSync(day(folder), 'utf8'),
  },
  {
    what: 'laptop-dev.yaml',
    file: folder => join(folder, 'laptop-dev.yaml'),
    write: (folder, version, calls) =>
      writeProjectFile(folder, join(folder, 'laptop-dev.yaml'), `services: { api${version}: {} }\n`, calls),
    read: folder => readFileSync(join(folder, 'laptop-dev.yaml'), 'utf8'),
  },
  {
    what: '.wslconfig',
    file: folder => join(folder, '.wslconfig'),
    write: (folder, version, calls) =>
      saveConfig(loadConfig(join(folder, '.wslconfig')), `[wsl2]\nmemory=${version}GB\n`, join(folder, 'undo.json'), 'small', 1, calls),
    read: folder => readFileSync(join(folder, '.wslconfig'), 'utf8'),
  },
  {
    what: 'the changes of .wslconfig that can be taken back',
    file: folder => join(folder, 'undo.json'),
    write: (folder, version, calls) =>
      saveConfig(loadConfig(join(folder, '.wslconfig')), `[wsl2]\nmemory=${version}GB\n`, join(folder, 'undo.json'), 'small', 1, calls),
    read: folder => undoChanged(join(folder, 'undo.json'), { force: true, dryRun: true })[0]?.after?.toString() ?? null,
  },
];

/** Names in the folder and below it of what is no more than on its way. */
export function temporaries(folder: string): string[] {
  return node.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.tmp'));
}

export function modeOf(file: string): number {
  return lstatSync(file).mode & 0o7777;
}

export { NOON, point };
