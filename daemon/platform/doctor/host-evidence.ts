import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nameOfProcess } from '../../files/process.js';
import type { Host } from '../wsl/programs.js';
import type { Evidence } from './evidence.js';

/** Evidence from /proc and the file system beyond what `wsl` reads. `socket`: the daemon's; `home`: of the user. */
export function hostEvidence(
  { root, env }: Host,
  paths: { readonly socket: string; readonly home: string },
): Pick<Evidence, 'load5' | 'busiest' | 'unit' | 'disks' | 'listening' | 'runtime'> {
  const config = env['XDG_CONFIG_HOME'] || join(paths.home, '.config');
  return {
    load5: Number(readOr(join(root, '/proc/loadavg')).split(' ')[1] ?? 0) || 0,
    busiest: busiestOf(root),
    unit: existsSync(join(root, config, 'systemd/user/laptop-dev.service')),
    disks: disksOf(root),
    listening: listeningOf(root),
    runtime: modeOf(paths.socket),
  };
}

/** Names that an editor or Explorer makes of `.wslconfig`. */
export function strayConfigs(file: string): readonly string[] {
  return ['.wslconfig.txt', 'wslconfig', 'wslconfig.txt', '_wslconfig']
    .map(name => join(file, '..', name))
    .filter(path => existsSync(path));
}

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS = 100;

function busiestOf(root: string): Evidence['busiest'] {
  const uptime = Number(readOr(join(root, '/proc/uptime')).split(' ')[0]);
  if (!(uptime > 0)) return null;
  const all = processes(root).flatMap(pid => {
    const text = readOr(join(root, '/proc', pid, 'stat'));
    const comm = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    // The name may hold blanks and brackets: what follows its last bracket begins with the state, field 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number); // biome-ignore format: short
    const [user = 0, system = 0, started = 0] = [fields[11], fields[12], fields[19]];
    const age = uptime - started / TICKS;
    return age > 0 && Number(pid) !== process.pid
      ? [{ comm, pid: Number(pid), share: Math.round(((user + system) / TICKS / age) * 100) }]
      : [];
  });
  const [first] = all.sort((a, b) => b.share - a.share);
  if (first === undefined) return null;
  const { comm, pid, share } = first;
  return { name: nameOfProcess(pid, comm, join(root, '/proc')).slice(0, 120), pid, share };
}

function processes(root: string): string[] {
  try {
    return readdirSync(join(root, '/proc')).filter(name => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function disksOf(root: string): Evidence['disks'] {
  const devices = new Set<number>();
  return ['/', '/var/lib/docker', '/var/lib/containers'].flatMap(path => {
    try {
      const { dev } = statSync(join(root, path));
      if (devices.has(dev)) return [];
      devices.add(dev);
      const { bsize, bavail, blocks } = statfsSync(join(root, path));
      return [{ path, free: bavail * bsize, total: blocks * bsize }];
    } catch {
      return [];
    }
  });
}

/** State 0A is LISTEN; the port is hexadecimal behind the address. */
function listeningOf(root: string): ReadonlySet<number> {
  const text = ['tcp', 'tcp6'].map(name => readOr(join(root, '/proc/net', name))).join('\n');
  return new Set([...text.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A /gm)].map(match => Number.parseInt(match[1] ?? '', 16)));
}

function modeOf(path: string): Evidence['runtime'] {
  try {
    return { path, mode: statSync(path).mode & 0o777 };
  } catch {
    return null;
  }
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
