import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReclaimCache } from '../../ports/reclaim.js';
import type { MemoryShown } from '../../scheduler/memory/reclaim.js';
import type { Bytes } from '../../shared/bytes.js';
import { cacheOf, findCgroups, type MemoryCgroup } from './cgroups.js';
import type { HostFacts } from './facts.js';
import { type Host, run } from './programs.js';
import { readVm, type Vm } from './vm.js';
import { askWindows } from './windows.js';

/** Writes a text to a file of the kernel, as root where need be. Resolves to null when done, `EAGAIN` when done in part, else the reason. */
export type WriteKernel = (file: string, text: string) => Promise<string | null>;

export interface ReclaimedContainer {
  readonly id: string;
  /** File cache before and after; null: not to be seen from here, or it has ended. */
  readonly before: Bytes | null;
  readonly after: Bytes | null;
  readonly how: 'memory.reclaim' | 'memory.force_empty' | null;
  /** The reason why nothing, or not everything, was reclaimed; null when all was. */
  readonly why: string | null;
}

/** A whole gigabyte of cache takes well below this. */
const LIMIT = 60_000;

/**
 * Writes as this user, else as root of this distribution by wsl.exe, which asks for no password. What is written are figures and flags
 * of ours, to paths of the kernel.
 */
export function kernelWriter(
  host: Host,
  facts: { readonly vm: Pick<Vm, 'interop'> },
  direct: (file: string, text: string) => Promise<void> = writeFile,
): WriteKernel {
  return async (file, text) => {
    const code = await direct(file, text).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
    if (code !== 'EACCES' && code !== 'EPERM') return code;
    if (!facts.vm.interop) return 'needs root';
    const name = host.env['WSL_DISTRO_NAME'];
    const distribution = name ? ['-d', name] : [];
    const script = `printf %s '${text}' > '${file.replaceAll("'", "'\\''")}'`;
    const { fault } = await run(host, 'wsl.exe', [...distribution, '-u', 'root', '-e', 'sh', '-c', script], LIMIT);
    return fault === null ? null : 'needs root';
  };
}

/**
 * Reclaims the file cache of containers. cgroup v2: `memory.reclaim` with the size of the cache; the kernel is asked to spare what would be
 * swapped (`swappiness=0`, where it knows that) and answers EAGAIN when it got less. v1 has only `memory.force_empty`, which cannot be told to spare
 * it: it is used where there is no swap. `goesOn` is asked before each container: those after a no are left, and left out.
 */
export async function reclaimContainers(
  host: Host,
  ids: readonly string[],
  write: WriteKernel,
  goesOn: () => boolean = () => true,
): Promise<readonly ReclaimedContainer[]> {
  const cgroups = findCgroups(host, ids);
  const swap = readVm(host).swap > 0;
  const result: ReclaimedContainer[] = [];
  // One after the other: the kernel's work is what limits.
  for (const id of ids) {
    if (!goesOn()) break;
    const cgroup = cgroups.get(id);
    if (cgroup) result.push({ id, ...(await reclaim(cgroup, swap, write)) });
    else result.push({ id, before: null, after: null, how: null, why: 'its cgroup is not on this machine' });
  }
  return result;
}

async function reclaim(cgroup: MemoryCgroup, swap: boolean, write: WriteKernel): Promise<Omit<ReclaimedContainer, 'id'>> {
  const before = cacheOf(cgroup);
  const nothing = (why: string) => ({ before, after: before, how: null, why });
  if (before === null) return nothing('it has ended');
  if (before === 0) return { before, after: before, how: null, why: null };
  const how = cgroup.version === 'v2' ? 'memory.reclaim' : 'memory.force_empty';
  const file = join(cgroup.folder, how);
  if (!existsSync(file)) return nothing(`this kernel has no ${how}`);
  if (cgroup.version === 'v1' && swap) return nothing('cgroup v1 would swap out its memory as well');
  const fault = cgroup.version === 'v2' ? await askFor(before, file, write) : await write(file, '0');
  const after = cacheOf(cgroup);
  return { before, after, how, why: fault === null ? null : (FAULTS[fault] ?? fault) };
}

async function askFor(bytes: Bytes, file: string, write: WriteKernel): Promise<string | null> {
  const gentle = await write(file, `${bytes} swappiness=0`);
  return gentle === 'EINVAL' ? write(file, String(bytes)) : gentle;
}

const FAULTS: Readonly<Record<string, string>> = {
  EAGAIN: 'the kernel got less than that, which is normal: some pages are in use',
  EBUSY: 'some pages are in use',
  ENOENT: 'it has ended',
  ENODEV: 'it has ended',
};

const NORMAL: ReadonlySet<string | null> = new Set([null, ...Object.values(FAULTS)]);

/** The first fault that will also prevent the next reclaim; null without one. */
export function lastingFault(reclaimed: readonly ReclaimedContainer[]): string | null {
  return reclaimed.find(({ before, why }) => before !== null && !NORMAL.has(why))?.why ?? null;
}

/** Free memory, measured. */
export interface FreeMemory {
  /** Of the VM: MemFree. Up to some hundred MB of free pages lie in lists of the processors and are not in it. */
  readonly vm: Bytes;
  /** File cache of the VM: Cached and Buffers. */
  readonly cache: Bytes;
  /** Of Windows; null: it cannot be asked. */
  readonly windows: Bytes | null;
}

/** Windows is asked anew each time. */
export async function measureFree(host: Host, facts: HostFacts, cache: string): Promise<FreeMemory> {
  const vm = readVm(host);
  const asked = vm.kind === 'wsl2' && vm.interop ? await askWindows(host, facts.mount, cache, true) : null;
  const { memory } = readVm(host);
  return { vm: memory.free, cache: memory.cached, windows: asked?.windows?.free ?? null };
}

/**
 * Drops the clean page cache of the whole VM and puts free pages together, so that the balloon can report them to Windows in whole blocks.
 * Every distribution shares the cache. `what`, as the kernel counts: 1 the page cache, 3 directory entries and inodes too. Null: done; else why not.
 */
export async function dropCaches(host: Host, write: WriteKernel, what: '1' | '3' = '3'): Promise<string | null> {
  // Dirty pages are not dropped: write them first. That it fails costs only those.
  await run(host, 'sync', [], LIMIT);
  const fault = await write(join(host.root, '/proc/sys/vm/drop_caches'), what);
  return fault ?? (await write(join(host.root, '/proc/sys/vm/compact_memory'), '1'));
}

/**
 * Reclaims file cache on the daemon's own initiative: by `memory.reclaim`, which spares the working set. cgroup v1 has only `memory.force_empty`, which takes what is in use
 * too: containers are left alone there. Of the VM the page cache alone is dropped: directory entries and inodes are small, and slow to read again.
 */
export function createReclaimCache(host: Host, write?: WriteKernel): ReclaimCache {
  return async ({ containers, vm }, goesOn) => {
    const seen = readVm(host);
    const put = write ?? kernelWriter(host, { vm: seen });
    const before = shown(host);
    const reclaimed = seen.cgroup === 'v2' ? await reclaimContainers(host, containers, put, goesOn) : [];
    const whole = vm && seen.kind === 'wsl2' && goesOn() ? await dropCaches(host, put, '1') : null;
    const fault = seen.cgroup === 'v2' || containers.length === 0 ? lastingFault(reclaimed) : 'that of a container needs cgroup v2';
    return { windows: seen.kind === 'wsl2', before, after: shown(host), why: whole === null ? fault : `that of the VM: ${whole}` };
  };
}

function shown(host: Host): MemoryShown {
  const { free, cached } = readVm(host).memory;
  return { free, cache: cached };
}
