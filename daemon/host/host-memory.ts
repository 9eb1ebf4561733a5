import { openSync, readFileSync } from 'node:fs';
import { cpus, freemem, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import type { HostDetail, HostMemory } from '../ports/ports.js';
import { type Bytes, KiB } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';
import { keyed } from './cgroup.js';
import { pressureOf } from './pressure.js';
import { read as readAgain } from './proc-file.js';

/** The part of systeminformation that is used. */
interface System {
  mem(): Promise<{ readonly available: Bytes; readonly swaptotal: Bytes; readonly swapfree: Bytes }>;
}

interface SystemMemory {
  readonly available: Bytes;
  readonly swapTotal: Bytes;
  readonly swapFree: Bytes;
}

/** It starts processes where there is no /proc. */
const EVERY: Ms = 5_000;

/** Takes 20 ms and 4 MB: only where there is no /proc. */
const loadSystem = async (): Promise<System> => (await import('systeminformation')).default;

/**
 * Memory of a machine without /proc, where only processes can tell it: what was told last, null before the first answer. Asked again in the
 * background by whoever looks, at most every 5 s.
 */
function systemMemory(load: () => Promise<System>): () => SystemMemory | null {
  let last: SystemMemory | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  const ask = async (): Promise<void> => {
    const { available, swaptotal, swapfree } = await (await load()).mem();
    last = { available, swapTotal: swaptotal, swapFree: swapfree };
  };
  return () => {
    if (performance.now() - askedAt >= EVERY) {
      askedAt = performance.now();
      // Unanswered, the figure before stands.
      void ask().catch(() => undefined);
    }
    return last;
  };
}

const PROC = '/proc';

interface HostOptions {
  /** For tests, another folder. */
  readonly proc?: string;
  /** What is asked where there is no /proc. */
  readonly system?: () => Promise<System>;
}

/** Memory and work of this machine from /proc; from the operating system's own calls where there is no /proc. */
export function createHostMemory({ proc = PROC, system = loadSystem }: HostOptions = {}): HostMemory {
  const file = proc === PROC ? keptOpen() : (path: string) => readOrEmpty(join(proc, path));
  const elsewhere = systemMemory(system);
  const read = (meminfo = file('meminfo')): { total: Bytes; available: Bytes } => {
    const total = kibibytes(meminfo, 'MemTotal');
    // Kernels before 3.14 have no MemAvailable; free memory is the cautious figure then.
    const available = kibibytes(meminfo, 'MemAvailable') ?? kibibytes(meminfo, 'MemFree');
    if (total !== null && available !== null) return { total, available };
    return { total: totalmem(), available: (meminfo === '' ? elsewhere()?.available : undefined) ?? freemem() };
  };
  let seenWsl: boolean | null = null;
  // Windows' kernel for WSL 1 and 2 names its maker.
  const isWsl = () => (seenWsl ??= /microsoft/i.test(file('sys/kernel/osrelease')));
  const vmCache = (meminfo: string) =>
    isWsl() ? { vmCache: (kibibytes(meminfo, 'Cached') ?? 0) + (kibibytes(meminfo, 'Buffers') ?? 0) } : {};
  return {
    read: () => read(),
    sample: () => {
      const [meminfo, vmstat] = [file('meminfo'), file('vmstat')];
      return {
        ...read(meminfo),
        ...vmCache(meminfo),
        psi: pressureOf(file('pressure/memory')),
        reclaims: reclaimsOf(vmstat),
        swapIn: keyed(vmstat, 'pswpin'),
        // Linux 5.9 split the count into _anon and _file; before, files alone were counted.
        refaults: keyed(vmstat, 'workingset_refault_file') ?? keyed(vmstat, 'workingset_refault'),
      };
    },
    detail: () => {
      const meminfo = file('meminfo');
      const swap = meminfo === '' ? elsewhere() : { swapTotal: kibibytes(meminfo, 'SwapTotal'), swapFree: kibibytes(meminfo, 'SwapFree') };
      const [one = 0, five = 0, fifteen = 0] = loadavg();
      return {
        swapTotal: swap?.swapTotal ?? 0,
        swapFree: swap?.swapFree ?? 0,
        ...(processors(file('stat')) ?? processorsElsewhere()),
        load: [one, five, fifteen],
        wsl: isWsl(),
      };
    },
  };
}

/** Of /proc/vmstat, see HostSample; before Linux 4.8 one figure for each zone. Null when it has none. Pure. */
function reclaimsOf(vmstat: string): number | null {
  const counts = [...vmstat.matchAll(/^(?:pgscan_kswapd|allocstall)(?:_\w+)? (\d+)$/gm)].map(([, count]) => Number(count));
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** /proc/stat: `cpu user nice system idle iowait irq softirq steal …` in ticks; waiting for a disk is no work. Null when the text is none. Pure. */
function processors(text: string): Pick<HostDetail, 'cores' | 'cpu'> | null {
  const times = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').slice(0, 8).map(Number) ?? [];
  const all = times.reduce((sum, time) => sum + time, 0);
  const [, , , idle = 0, waiting = 0] = times;
  if (times.length < 5 || Number.isNaN(all)) return null;
  return { cores: text.match(/^cpu\d/gm)?.length ?? 1, cpu: { busy: all - idle - waiting, all } };
}

function processorsElsewhere(): Pick<HostDetail, 'cores' | 'cpu'> {
  const all = cpus();
  const sum = (of: (times: (typeof all)[number]['times']) => number) => all.reduce((total, { times }) => total + of(times), 0);
  const idle = sum(times => times.idle);
  const worked = sum(({ user, nice, sys, irq }) => user + nice + sys + irq);
  return { cores: Math.max(1, all.length), cpu: all.length === 0 ? null : { busy: worked, all: worked + idle } };
}

function kibibytes(text: string, key: string): Bytes | null {
  const match = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text);
  return match ? Number(match[1]) * KiB : null;
}

/** The kernel's own files stay where they are: opened once, read again. Half the time of opening them for each look. */
function keptOpen(): (path: string) => string {
  const files = new Map<string, number | null>();
  return path => {
    if (!files.has(path)) files.set(path, opened(join(PROC, path)));
    try {
      return readAgain(files.get(path) ?? null);
    } catch {
      return '';
    }
  };
}

function opened(file: string): number | null {
  try {
    return openSync(file, 'r');
  } catch {
    return null;
  }
}

/** Empty also for a file that is no regular one, or that the kernel refuses to read. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
