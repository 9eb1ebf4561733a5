import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, KiB } from '../../shared/bytes.js';
import type { Host } from './programs.js';

/** This machine as its own kernel shows it: under WSL the VM. */
export interface Vm {
  readonly kind: 'wsl2' | 'wsl1' | 'linux';
  /** As uname -r. */
  readonly kernel: string;
  readonly memory: { readonly total: Bytes; readonly free: Bytes; readonly available: Bytes; readonly cached: Bytes; readonly slab: Bytes };
  /** Bytes of swap; 0: none. */
  readonly swap: Bytes;
  readonly cpus: number;
  /** When its kernel started, ms since the epoch; null: not told. */
  readonly bootedAt: number | null;
  readonly commandLine: string;
  readonly psi: boolean;
  readonly cgroup: 'v1' | 'v2' | null;
  /** Where this process is in cgroup v2, as /wsl-user/distro-1/init.scope; null: in none. */
  readonly place: string | null;
  /** Windows programs can be started from here. */
  readonly interop: boolean;
}

/** Reads /proc and /sys below the host's root. */
export function readVm({ root }: Host): Vm {
  const read = (path: string) => readOr(join(root, path));
  const meminfo = read('/proc/meminfo');
  const kib = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * KiB;
  const kernel = read('/proc/sys/kernel/osrelease').trim();
  const booted = /^btime (\d+)$/m.exec(read('/proc/stat'))?.[1];
  return {
    kind: kindOf(kernel, path => existsSync(join(root, path))),
    kernel,
    memory: {
      total: kib('MemTotal'),
      free: kib('MemFree'),
      available: kib('MemAvailable'),
      cached: kib('Cached') + kib('Buffers'),
      slab: kib('SReclaimable'),
    },
    swap: swapOf(read('/proc/swaps')),
    cpus: [...read('/proc/cpuinfo').matchAll(/^processor\s*:/gm)].length,
    bootedAt: booted === undefined ? null : Number(booted) * 1000,
    commandLine: read('/proc/cmdline').trim(),
    psi: existsSync(join(root, '/proc/pressure/memory')),
    cgroup: cgroupOf(path => existsSync(join(root, path))),
    place: /^0::(\/.{0,400})$/m.exec(read('/proc/self/cgroup'))?.[1] ?? null,
    interop: ['WSLInterop', 'WSLInterop-late'].some(name => existsSync(join(root, '/proc/sys/fs/binfmt_misc', name))),
  };
}

/** A custom kernel has another name: then /run/WSL tells, which WSL makes for its interop sockets. */
function kindOf(kernel: string, exists: (path: string) => boolean): Vm['kind'] {
  if (/microsoft-standard-WSL2/i.test(kernel)) return 'wsl2';
  if (/^4\.4\.0-\d+-Microsoft$/.test(kernel)) return 'wsl1';
  return exists('/run/WSL') || exists('/proc/sys/fs/binfmt_misc/WSLInterop') ? 'wsl2' : 'linux';
}

function swapOf(text: string): Bytes {
  const rows = text.split('\n').slice(1);
  return rows.reduce((sum, row) => sum + Number(/^\S+\s+\S+\s+(\d+)/.exec(row)?.[1] ?? 0) * KiB, 0);
}

function cgroupOf(exists: (path: string) => boolean): Vm['cgroup'] {
  if (exists('/sys/fs/cgroup/cgroup.controllers')) return 'v2';
  return exists('/sys/fs/cgroup/memory') ? 'v1' : null;
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
