import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from '../../../daemon/shared/bytes.js';
import { type Simulated, simulate } from './simulated.js';

/** A host on which a container of this id runs, with 200 MiB of file cache and these files of its cgroup, empty. */
export function simulateContainer(
  version: 'v1' | 'v2',
  id: string,
  files: readonly string[],
  parts: Partial<Simulated> = {},
  place = `system.slice/docker-${id}.scope`,
) {
  const host = simulate({ swap: 0, ...parts });
  const folder = version === 'v2' ? `sys/fs/cgroup/${place}` : `sys/fs/cgroup/memory/docker/${id}`;
  const put = (path: string, text: string) => {
    mkdirSync(join(host.root, path, '..'), { recursive: true });
    writeFileSync(join(host.root, path), text);
  };
  const row = version === 'v2' ? `0::/${place}/inner\n` : `4:memory:/docker/${id}\n0::/\n`;
  put('proc/77/cgroup', row);
  put('proc/78/cgroup', '0::/user.slice\n');
  const prefix = version === 'v1' ? 'total_' : '';
  put(`${folder}/memory.stat`, `anon 1\n${prefix}active_file ${60 * MiB}\n${prefix}inactive_file ${140 * MiB}\nshmem 9\n`);
  for (const file of files) put(`${folder}/${file}`, '');
  return { host, file: (name: string) => join(host.root, folder, name), seam: { root: host.root, env: host.env, start: host.start } };
}
