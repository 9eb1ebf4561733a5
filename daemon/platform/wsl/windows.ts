import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKept } from '../../files/read-kept.js';
import { writeWhole } from '../../files/write-whole.js';
import { type Bytes, KiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { type Host, run } from './programs.js';

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
}

export type AskedWindows =
  | { readonly windows: Windows; readonly cached: boolean; readonly fault: null }
  | { readonly windows: null; readonly cached: false; readonly fault: string };

/** A first PowerShell after a start of Windows takes seconds, a later one about 700 ms. */
const LIMIT: Ms = 10_000;

/** With restricted scripts (AppLocker) the first line fails alone, and the rest still answers. */
const SCRIPT = [
  '[Console]::OutputEncoding = New-Object Text.UTF8Encoding $false',
  '$o = Get-CimInstance Win32_OperatingSystem',
  'Write-Output "total=$($o.TotalVisibleMemorySize)" "free=$($o.FreePhysicalMemory)" "build=$($o.BuildNumber)"',
  'Write-Output "cpus=$env:NUMBER_OF_PROCESSORS" "profile=$env:USERPROFILE"',
].join('\n');

/**
 * Asks Windows by one PowerShell call. Its answer is kept for this boot of the VM: `cache` is the file. `fresh`: what is free now.
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
  if (boot !== '') writeCache(cache, { boot, windows });
  return { windows, cached: false, fault: null };
}

/** From PATH, else in its place on drive C: appendWindowsPath=false takes Windows' folders off PATH. */
function programOf({ root, env }: Host, mount: string): string {
  const onPath = (env['PATH'] ?? '').split(':').some(folder => folder !== '' && existsSync(join(folder, 'powershell.exe')));
  const usual = join(root, mount, 'c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe');
  return onPath || !existsSync(usual) ? 'powershell.exe' : usual;
}

/** Lines of name=value; memory in kB. Null when a figure is missing. */
export function readAnswer(text: string): Windows | null {
  const values = new Map(
    text.split('\n').map(line => {
      const at = line.indexOf('=');
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
    }),
  );
  const figure = (name: string): number | null => (/^[1-9]\d*$/.test(values.get(name) ?? '') ? Number(values.get(name)) : null);
  const [total, free, cpus, profile] = [figure('total'), figure('free'), figure('cpus'), values.get('profile') ?? ''];
  if (total === null || free === null || cpus === null || !/^[A-Za-z]:\\/.test(profile)) return null;
  return { total: total * KiB, free: free * KiB, cpus, profile, build: figure('build') };
}

/** It has some 200 bytes. */
const LARGEST_CACHE = 64 * 1024;

interface Cached {
  readonly boot: string;
  readonly windows: Windows;
}

function readCache(file: string, boot: string): Windows | null {
  try {
    const cached = JSON.parse(readKept(file, LARGEST_CACHE)?.toString('utf8') ?? '{}') as Cached;
    return boot !== '' && cached.boot === boot && Number.isFinite(cached.windows.total) ? cached.windows : null;
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
