import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as timer } from 'node:timers/promises';
import { nameOfProcess } from '../../files/process.js';
import type { Ms } from '../../shared/span.js';
import type { Host } from '../wsl/programs.js';
import { traitsOf } from '../wsl/releases.js';
import type { Vm } from '../wsl/vm.js';
import { scan } from '../wsl/wslconfig/lines.js';
import type { CpuUse, EngineMachine, Evidence } from './evidence.js';

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

/**
 * The time over which the use of the processors is measured. WSL takes ten seconds and more; a doctor has less time, and what wakes a VM all the
 * time does so within two.
 */
const QUIET: Ms = 2_000;

/** Measures over 2 s in which nothing is asked here, so that the doctor, the engine's answers and PowerShell are no part of it. Null: /proc/stat cannot be read. */
export async function cpuUse({ root, wait = timed }: Host): Promise<CpuUse | null> {
  const before = ticksOf(root);
  await wait(QUIET);
  const after = ticksOf(root);
  if (before === null || after === null) return null;
  const [user, busy, idle] = [after.user - before.user, after.busy - before.busy, after.idle - before.idle];
  // The kernel lets the figures for idle time go back now and then.
  if (user < 0 || busy < 0 || idle < 0 || busy + idle === 0) return null;
  return { user: user / (busy + idle), all: busy / (busy + idle), over: QUIET };
}

const timed = (span: Ms): Promise<void> => timer(span);

/** The line of all processors together: user nice system idle iowait irq softirq steal, in ticks; time of guests is in user already. */
function ticksOf(root: string): { readonly user: number; readonly busy: number; readonly idle: number } | null {
  const line = /^cpu +(\d.*)$/m.exec(readOr(join(root, '/proc/stat')))?.[1];
  if (line === undefined) return null;
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number);
  return { user, busy: user + nice + system + irq + softirq + steal, idle: idle + iowait };
}

/** `cgroups=v1` in /etc/wsl.conf, read by the parser of `.wslconfig`, which reads both; `version`: of WSL, null where it is not known. */
export function cgroupsLineOf({ root }: Host, version: string | null): Evidence['cgroupsLine'] {
  const { entries, faults } = scan(readOr(join(root, '/etc/wsl.conf')));
  const found = entries.find(({ name, sound }) => sound && name.toLowerCase() === 'automount.cgroups');
  if (found?.value.toLowerCase() !== 'v1') return null;
  const stops = version !== null && traitsOf(version).cgroups !== 'namespaced';
  const first = stops ? Math.min(...faults.map(({ line }) => line)) : Number.POSITIVE_INFINITY;
  return { line: found.line, unread: first < found.line ? first : null };
}

/** This system as an engine of its own would describe it. */
export function machineOf({ root }: Host, { kernel, memory, cpus }: Vm): EngineMachine {
  const release = readOr(join(root, '/etc/os-release')) || readOr(join(root, '/usr/lib/os-release'));
  return {
    kernel: kernel || null,
    memory: memory.total || null,
    cpus: cpus || null,
    name: readOr(join(root, '/proc/sys/kernel/hostname')).trim() || null,
    system: /^PRETTY_NAME=(["']?)(.*)\1$/m.exec(release)?.[2] || null,
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
