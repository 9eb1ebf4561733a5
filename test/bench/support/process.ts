import { readdirSync, readFileSync } from 'node:fs';

/** Memory of a process in bytes. `anonymous` is what it costs alone; the rest is files that others may share, node itself above all. */
export interface Footprint {
  readonly rss: number;
  readonly anonymous: number;
  readonly peak: number;
  readonly threads: number;
}

export function footprint(pid: number): Footprint {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { rss: field('VmRSS') * 1024, anonymous: field('RssAnon') * 1024, peak: field('VmHWM') * 1024, threads: field('Threads') };
}

/** CPU time of all threads in ms. From schedstat, which is exact: the ticks of /proc/PID/stat miss what is shorter than one. */
export function cpuTime(pid: number): number {
  const folder = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(folder).map(thread => Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[0]));
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** Processes that it started and that still run. */
export function children(pid: number): readonly number[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).flatMap(thread =>
    readFileSync(`${folder}/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
}

/** Processes whose program has this name, of which the kernel keeps 15 characters. */
export function named(name: string): readonly number[] {
  return readdirSync('/proc')
    .filter(entry => /^\d+$/.test(entry))
    .filter(pid => nameOf(pid) === name)
    .map(Number);
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return ''; // it has just ended
  }
}
