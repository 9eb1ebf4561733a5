import type { ReclaimCache } from '../../ports/reclaim.js';
import type { MemoryShown } from '../../scheduler/memory/reclaim.js';
import type { Host } from './programs.js';
import { dropCaches, kernelWriter, lastingFault, reclaimContainers, type WriteKernel } from './reclaim.js';
import { readVm } from './vm.js';

/**
 * Gives file cache back unasked: by `memory.reclaim`, which spares the working set. cgroup v1 has only `memory.force_empty`, which takes what is in use
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
