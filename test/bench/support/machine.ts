import { cpus, loadavg, release, totalmem } from 'node:os';
import type { VersionView } from '../../../daemon/api/contract.js';
import { GiB } from '../../../daemon/shared/bytes.js';

/** One line that says where a figure comes from. The load counts: two busy neighbours double a start. */
export function machineLine({ engine }: Pick<VersionView, 'engine'>): string {
  const memory = `${(totalmem() / GiB).toFixed(0)} GB`;
  const what = engine ? `${engine.kind} ${engine.version}, cgroup v${engine.cgroupVersion}` : 'no engine';
  const load = loadavg()[0]?.toFixed(1);
  const date = new Date().toISOString().slice(0, 10);
  return `${date}; ${cpus().length} cores, ${memory}, Linux ${release().split('-')[0]}, Node ${process.versions.node}; ${what}; load ${load}`;
}
