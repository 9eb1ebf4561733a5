import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bytes, formatBytes, GiB } from '../../shared/bytes.js';
import { type Failure, FailureError } from '../../shared/failure.js';
import { type Host, run } from './programs.js';
import { readVm, type Vm } from './vm.js';
import { askWindows, drivesMount, type Windows } from './windows.js';
import { readWslc, type Wslc } from './wslc/wslc.js';

/** A figure and where it comes from. `sure: false`: an estimate. */
export interface Fact<T> {
  readonly value: T;
  readonly source: string;
  readonly sure: boolean;
}

/** All that is known of Windows, WSL and the VM. Unverified on a real host. */
export interface HostFacts {
  readonly vm: Vm;
  readonly wslVersion: Fact<string> | null;
  readonly networkingMode: Fact<string> | null;
  /** Figures of Windows; null when PowerShell could not be asked: `windowsFault` has the reason. */
  readonly windows: Windows | null;
  readonly windowsFault: string | null;
  readonly windowsSource: string;
  /** The folder that Windows' drives are mounted in, as /mnt/. */
  readonly mount: string;
}

/** Time limit of wslinfo and wsl.exe, in ms. They answer in some 20 ms; a broken interop hangs. */
const LIMIT = 3000;

/** Reads everything that is known of Windows, WSL and the VM. `cache`: file for PowerShell's answer. */
export async function readHost(host: Host, cache: string): Promise<HostFacts> {
  const vm = readVm(host);
  const mount = drivesMount(host);
  const nothing = { vm, mount, wslVersion: null, networkingMode: null, windows: null, windowsFault: null, windowsSource: '' };
  if (vm.kind !== 'wsl2') return nothing;
  const [wslVersion, networkingMode, asked] = await Promise.all([
    versionOf(host, vm),
    networkingOf(host),
    vm.interop ? askWindows(host, mount, cache) : { windows: null, cached: false, fault: 'interop is off' },
  ]);
  const windowsSource = `PowerShell${asked.cached ? ', asked earlier in this boot' : ''}`;
  return { vm, mount, wslVersion, networkingMode, windows: asked.windows, windowsFault: asked.fault, windowsSource };
}

async function versionOf(host: Host, vm: Vm): Promise<Fact<string> | null> {
  const info = await run(host, 'wslinfo', ['--wsl-version'], LIMIT);
  const own = versionIn(info.text ?? '');
  if (own !== null) return { value: own, source: 'wslinfo', sure: true };
  // Localized: the first line is WSL's own version in every language.
  const listed = vm.interop ? await run(host, 'wsl.exe', ['--version'], LIMIT) : null;
  const version = versionIn(listed?.text ?? '');
  return version === null ? null : { value: version, source: 'wsl.exe --version', sure: true };
}

function versionIn(text: string): string | null {
  return /(?<!\d)\d+\.\d+\.\d+(?:\.\d+)?/.exec(text)?.[0] ?? null;
}

async function networkingOf(host: Host): Promise<Fact<string> | null> {
  const { text } = await run(host, 'wslinfo', ['--networking-mode'], LIMIT);
  const mode = /^[a-z]+$/i.exec(text?.trim() ?? '')?.[0];
  return mode === undefined ? null : { value: mode.toLowerCase(), source: 'wslinfo', sure: true };
}

/** Sizes that machines are sold with, in GiB. */
const SOLD = [4, 6, 8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256];

/**
 * Memory of the host: 1 as the user gives it (`given`); 2 as Windows reports it; 3 an estimate from the VM, which has half of the host unless `.wslconfig`
 * sets it (`configured`, bytes; null: it does not). Returns null when nothing is known.
 */
export function hostMemory(facts: HostFacts, given: Bytes | null, configured: Bytes | null): Fact<Bytes> | null {
  if (given !== null) return { value: given, source: '--memory', sure: true };
  if (facts.windows) return { value: facts.windows.total, source: facts.windowsSource, sure: true };
  if (facts.vm.kind !== 'wsl2') return null;
  const total = facts.vm.memory.total;
  const least = configured === null ? 2 * total : total;
  const sold = SOLD.find(size => size * GiB >= least * 0.97) ?? Math.ceil(least / GiB);
  const why = configured === null ? 'WSL gives the VM half of the host' : 'the host has at least that';
  return { value: sold * GiB, source: `estimated: the VM has ${formatBytes(total)}, and ${why} (${facts.windowsFault})`, sure: false };
}

/** Logical processors of the host; without Windows those of the VM, which are all unless `.wslconfig` says otherwise. */
export function hostCpus(facts: HostFacts, configured: number | null): Fact<number> {
  if (facts.windows) return { value: facts.windows.cpus, source: facts.windowsSource, sure: true };
  const sure = facts.vm.kind !== 'wsl2';
  const why = configured === null ? 'WSL gives it all' : 'the host has at least that';
  return { value: Math.max(1, facts.vm.cpus), source: sure ? '/proc/cpuinfo' : `estimated: those of the VM; ${why}`, sure };
}

export type FoundConfig =
  | { readonly file: string; readonly source: string }
  | { readonly file: null; readonly candidates: readonly string[] };

/** The path of the user's `.wslconfig`, whether it exists or not. Without an answer of Windows: the only user folder that has one, or the only user folder. */
export function findConfig(host: Host, facts: HostFacts): FoundConfig {
  if (facts.windows) {
    const [drive = 'C', ...rest] = facts.windows.profile.split('\\');
    const folder = join(host.root, facts.mount, drive.slice(0, 1).toLowerCase(), ...rest);
    if (existsSync(folder)) return { file: join(folder, '.wslconfig'), source: `%USERPROFILE%, ${facts.windowsSource}` };
    return { file: null, candidates: [] };
  }
  const users = join(host.root, facts.mount, 'c/Users');
  const folders = list(users).map(name => join(users, name));
  const having = folders.filter(folder => existsSync(join(folder, '.wslconfig')));
  const [only] = having.length > 0 ? having : folders;
  if (only && (having.length === 1 || folders.length === 1)) {
    return { file: join(only, '.wslconfig'), source: `guessed: the only folder of a user${having.length === 1 ? ' that has one' : ''}` };
  }
  return { file: null, candidates: (having.length > 0 ? having : folders).map(folder => join(folder, '.wslconfig')) };
}

const SYSTEM_FOLDERS = /^(public|default|default user|all users|defaultapppool|wdagutilityaccount)$/i;

function list(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter(entry => entry.isDirectory() && !SYSTEM_FOLDERS.test(entry.name)).map(entry => entry.name);
  } catch {
    return [];
  }
}

export interface FoundWslc {
  /** Null: never used, or the user's folder is not known. */
  readonly wslc: Wslc | null;
  /** Why its settings.yaml cannot be read, which is no reason to say nothing of the rest; null: it can, or there is none. */
  readonly wslcFailure: Failure | null;
}

/** WSL's own containers as the files beside the user's `.wslconfig` show them. */
export function findWslc(host: Host, facts: HostFacts): FoundWslc {
  const { file } = findConfig(host, facts);
  try {
    return { wslc: file === null ? null : wslcOf(host, facts, file), wslcFailure: null };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { wslc: null, wslcFailure: error.failure };
  }
}

function wslcOf(host: Host, facts: HostFacts, file: string): Wslc | null {
  return readWslc(dirname(file), path => localPath(host, facts, path), facts.wslVersion?.value ?? null);
}

/** A path of Windows, as `D:\\data`, as it is seen from here; null: on no mounted drive. */
export function localPath({ root }: Host, { mount }: HostFacts, path: string): string | null {
  const [, drive = '', rest = ''] = /^([A-Za-z]):[\\/]*(.*)$/.exec(path) ?? [];
  return drive === '' ? null : join(root, mount, drive.toLowerCase(), ...rest.split(/[\\/]+/));
}

/** Distributions that run now: what `wsl --shutdown` would stop. Null: Windows could not be asked. */
export async function runningDistributions(host: Host, { vm }: HostFacts): Promise<readonly string[] | null> {
  if (!vm.interop) return null;
  const { text } = await run(host, 'wsl.exe', ['--list', '--running', '--quiet'], LIMIT);
  return text === null ? null : text.split('\n').map(line => line.trim()).filter(line => line !== ''); // biome-ignore format: short
}
