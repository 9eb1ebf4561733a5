import { existsSync, fstatSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { ContainerDetail } from '../model/container-sample.js';
import { find, findV2, whole } from './cgroup.js';
import { pressureOf } from './pressure.js';
import { first, read } from './proc-file.js';
import { blockOfV1, blockOfV2, type NetworkTraffic, networkOf } from './traffic.js';

/** Where the detail of a container is, below the folder where cgroups are mounted; of several paths the first that exists. */
export interface DetailFiles {
  readonly pids: readonly string[];
  readonly block: readonly string[];
  readonly blockUnit: 'v1' | 'v2';
  readonly psi: readonly string[];
}

/** As memoryFiles, for the detail; each controller may be in v1 or v2. Pressure is v2's alone, also on a hybrid machine. Pure. */
export function detailFiles(procCgroup: string, containerId: string, unified = ''): DetailFiles {
  const [pids, block, v2] = [
    find(procCgroup, 'pids', containerId),
    find(procCgroup, 'blkio', containerId),
    findV2(procCgroup, containerId),
  ];
  const at = (found: typeof pids, controller: string, names: readonly string[], name: string): string[] => {
    if (found === null) return [];
    if (found.v1 === null) return [posix.join(unified, found.path, name)];
    // Controllers are mounted alone, or together with a link from each one's name.
    return [controller, found.v1].flatMap(mount => names.map(each => posix.join(mount, found.path, each)));
  };
  return {
    pids: at(pids, 'pids', ['pids.current'], 'pids.current'),
    // Without `recursive` what a container's own cgroups do is missing; kernels before 4.17 have no other.
    block: at(block, 'blkio', ['blkio.throttle.io_service_bytes_recursive', 'blkio.throttle.io_service_bytes'], 'io.stat'),
    blockUnit: block?.v1 == null ? 'v2' : 'v1',
    psi: v2 === null ? [] : [posix.join(unified, v2, 'memory.pressure')],
  };
}

/**
 * Opens the files of a container's detail; what is not there is null in each reading. `open` keeps the descriptor for whoever closes it.
 * Throws when the PID is no process any more, or another one's.
 */
export function openDetail(root: string, containerId: string, pid: number, open: (file: string) => number): () => ContainerDetail {
  const text = readFileSync(join(root, '/proc', String(pid), 'cgroup'), 'utf8');
  if (!text.includes(containerId)) throw new Error(`${pid} is another process by now`);
  const unified = existsSync(join(root, '/sys/fs/cgroup/unified/cgroup.controllers')) ? 'unified' : '';
  const files = detailFiles(text, containerId, unified);
  const [pids, block, psi] = [files.pids, files.block, files.psi].map(paths =>
    first(
      paths.map(path => join(root, '/sys/fs/cgroup', path)),
      open,
    ),
  );
  const network = ownNetwork(root, pid, open);
  const blockOf = files.blockUnit === 'v2' ? blockOfV2 : blockOfV1;
  return () => {
    const net = network === null ? null : networkOf(read(network));
    const io: NetworkTraffic | null = block == null ? null : blockOf(read(block));
    return {
      pids: pids == null ? null : whole(read(pids)),
      netIn: net?.in ?? null,
      netOut: net?.out ?? null,
      blockIn: io?.in ?? null,
      blockOut: io?.out ?? null,
      psi: psi == null ? null : pressureOf(read(psi)),
    };
  };
}

/**
 * The counters of a container's network; null where it has this machine's own (network_mode: host), whose traffic is not its. Told by the
 * file's number, which each network has its own of: whose network it is may only be asked by root.
 */
function ownNetwork(root: string, pid: number, open: (file: string) => number): number | null {
  const file = first([join(root, '/proc', String(pid), 'net/dev')], open);
  if (file === null) return null;
  const own = statSync(join(root, '/proc/self/net/dev'), { throwIfNoEntry: false });
  const its = fstatSync(file);
  return own?.ino === its.ino && own.dev === its.dev ? null : file;
}
