import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKept } from '../../files/read-kept.js';
import { writeWhole } from '../../files/write-whole.js';
import { type Bytes, KiB } from '../../shared/bytes.js';
import { harmless } from '../../shared/printable.js';
import type { Ms } from '../../shared/span.js';
import { type Host, run } from './programs.js';
import { scan } from './wslconfig/lines.js';

/** A virtual machine as Windows sees it: the process that holds its memory (docs/design/wsl.md, "Memory"). */
export interface WindowsMachine {
  /** As Windows names it: `vmmemWSL`, `vmmemwslc-cli-USER`; before Windows 11 each is `vmmem`. */
  readonly name: string;
  /** Its working set, bytes; null: this user may not read it. */
  readonly memory: Bytes | null;
  /** When it was started, ms since the epoch by Windows' clock; null: not told. */
  readonly since: Ms | null;
}

/** Figures and the user's folder as Windows reports them. */
export interface Windows {
  /** Physical memory that Windows can use. */
  readonly total: Bytes;
  /** Free at the moment of the call; stale where the answer comes from the cache. */
  readonly free: Bytes;
  readonly cpus: number;
  /** The user's folder, as `C:\Users\me`. */
  readonly profile: string;
  readonly build: number | null;
  /** Of the moment of the call; none where they could not be listed, and where the answer comes from the cache, which does not keep them. */
  readonly machines: readonly WindowsMachine[];
}

export type AskedWindows =
  | { readonly windows: Windows; readonly cached: boolean; readonly fault: null }
  | { readonly windows: null; readonly cached: false; readonly fault: string };

/** A first PowerShell after a start of Windows takes seconds, a later one about 700 ms. */
const LIMIT: Ms = 10_000;

/**
 * With restricted scripts (AppLocker) the first line fails alone, and the rest still answers: no method is called, which they would refuse. The
 * machines come last, so that no name of theirs can pass for a figure, and `exit` keeps a list that fails from making all of it a failure.
 */
const SCRIPT = [
  '[Console]::OutputEncoding = New-Object Text.UTF8Encoding $false',
  '$o = Get-CimInstance Win32_OperatingSystem',
  'Write-Output "total=$($o.TotalVisibleMemorySize)" "free=$($o.FreePhysicalMemory)" "build=$($o.BuildNumber)"',
  'Write-Output "cpus=$env:NUMBER_OF_PROCESSORS" "profile=$env:USERPROFILE"',
  `Get-CimInstance Win32_Process -Filter "Name like 'vmmem%'" |`,
  `  ForEach-Object { 'machine={0} {1:o} {2}' -f $_.WorkingSetSize, $_.CreationDate, $_.Name }`,
  'exit 0',
].join('\n');

/**
 * Asks Windows by one PowerShell call. Its answer is kept for this boot of the VM: `cache` is the file. `fresh`: what is free, and which machines
 * there are, now.
 * Unverified on a real host.
 */
export async function askWindows(host: Host, mount: string, cache: string, fresh = false): Promise<AskedWindows> {
  const boot = readOr(join(host.root, '/proc/sys/kernel/random/boot_id')).trim();
  const kept = fresh ? null : readCache(cache, boot);
  if (kept) return { windows: kept, cached: true, fault: null };
  // Encoded, because a quote does not survive the way from Linux to a Windows command line.
  const args = ['-NoProfile', '-NonInteractive', '-EncodedCommand', Buffer.from(SCRIPT, 'utf16le').toString('base64')];
  const ran = await run(host, programOf(host, mount), args, LIMIT);
  if (ran.fault !== null) return { windows: null, cached: false, fault: ran.fault };
  const windows = readAnswer(ran.text);
  if (windows === null) return { windows: null, cached: false, fault: 'PowerShell answered in a form that is not known' };
  const { machines: _, ...lasting } = windows;
  if (boot !== '') writeCache(cache, { boot, windows: lasting });
  return { windows, cached: false, fault: null };
}

/** Where Windows' drives are mounted, as /mnt/: wsl.conf, [automount] root. The parser of `.wslconfig` reads it. Up to 2.9.12 WSL stops at the first bad line, which is not looked at. */
export function drivesMount({ root }: Host): string {
  try {
    const { entries } = scan(readFileSync(join(root, '/etc/wsl.conf'), 'utf8'));
    const written = entries.find(({ name, sound }) => sound && name.toLowerCase() === 'automount.root')?.value;
    if (written?.startsWith('/')) return written.endsWith('/') ? written : `${written}/`;
  } catch {
    // No file: the default mount point.
  }
  return '/mnt/';
}

/** From PATH, else in its place on drive C: appendWindowsPath=false takes Windows' folders off PATH. */
function programOf({ root, env }: Host, mount: string): string {
  const onPath = (env['PATH'] ?? '').split(':').some(folder => folder !== '' && existsSync(join(folder, 'powershell.exe')));
  const usual = join(root, mount, 'c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe');
  return onPath || !existsSync(usual) ? 'powershell.exe' : usual;
}

/** Lines of name=value, of which the first counts; memory in kB. Machines in lines of their own. Null when a figure is missing. */
export function readAnswer(text: string): Windows | null {
  const lines = text.split('\n');
  const values = new Map(
    lines
      .map(line => {
        const at = line.indexOf('=');
        return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
      })
      .reverse(),
  );
  const figure = (name: string): number | null => wholeOf(values.get(name) ?? '');
  const [total, free, cpus, profile] = [figure('total'), figure('free'), figure('cpus'), values.get('profile') ?? ''];
  if (total === null || free === null || cpus === null || !/^[A-Za-z]:\\/.test(profile)) return null;
  return { total: total * KiB, free: free * KiB, cpus, profile, build: figure('build'), machines: machinesIn(lines) };
}

/** `machine=BYTES CREATED NAME`; what could not be read is empty. */
const MACHINE = /^machine=(\d{0,20}) (\S{0,40}) (.{1,1000})$/;
/** A machine a session of wslc, WSL's and those of other programs: more are no list of machines. */
const MOST_MACHINES = 32;
/** WSL makes names of letters, digits, - and _ from a user's name of at most 104. */
const LONGEST_NAME = 128;

function machinesIn(lines: readonly string[]): readonly WindowsMachine[] {
  const found = lines.flatMap(line => {
    const [, memory = '', created = '', written = ''] = MACHINE.exec(line.trimEnd()) ?? [];
    const name = [...harmless(written)].slice(0, LONGEST_NAME).join('').trim();
    return /^vmmem/i.test(name) ? [{ name, memory: wholeOf(memory), since: momentOf(created) }] : [];
  });
  return found.slice(0, MOST_MACHINES);
}

/** Null: no figure, none at all, or more than 8 TiB even in bytes. */
function wholeOf(text: string): number | null {
  return /^[1-9]\d*$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER / KiB ? Number(text) : null;
}

/** A moment as .NET's round-trip format has it, `2026-10-04T05:07:04.1234567-05:00`; without its zone it is none. */
function momentOf(text: string): Ms | null {
  const [, seconds, fraction = '', zone] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (seconds === undefined || zone === undefined) return null;
  const moment = Date.parse(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`);
  return Number.isNaN(moment) ? null : moment;
}

/** It has some 200 bytes. */
const LARGEST_CACHE = 64 * 1024;

interface Cached {
  readonly boot: string;
  /** Without what changes by the minute: a machine of an hour ago may be gone. */
  readonly windows: Omit<Windows, 'machines'>;
}

function readCache(file: string, boot: string): Windows | null {
  try {
    const cached = JSON.parse(readKept(file, LARGEST_CACHE)?.toString('utf8') ?? '{}') as Cached;
    return boot !== '' && cached.boot === boot && Number.isFinite(cached.windows.total) ? { ...cached.windows, machines: [] } : null;
  } catch {
    return null;
  }
}

/** Only a convenience: that it cannot be written is no failure. */
function writeCache(file: string, cached: Cached): void {
  try {
    writeWhole(file, JSON.stringify(cached), { whose: 'ours', sync: false });
  } catch {
    // Without the cache Windows is asked again next time.
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
