import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Protocol } from '../../../daemon/model/spec.js';
import type { Target } from '../../../daemon/ports/listeners.js';
import type { RedirectManager } from '../../../daemon/ports/redirects.js';
import { openRedirectManager } from '../../../daemon/redirects/manager.js';
import { freePort, silent } from '../../activation/harness.js';
import { activatorProcess } from '../../activation/support/activator-process.js';

/** One way to a service: where to connect, and the processes that carry the bytes (none: the kernel alone). */
export interface Path {
  readonly name: string;
  readonly at: Target;
  readonly pids: readonly number[];
  close(): Promise<void> | void;
}

const HAPROXY = 'haproxy';
const SOCKET_ACTIVATE = 'systemd-socket-activate';
const SOCKET_PROXYD = '/lib/systemd/systemd-socket-proxyd';

/** All ways there are on this machine: those of Debian's packages only where they are installed. `published`: through the engine. */
export async function openPaths(direct: Target, published: Target, protocol: Protocol): Promise<readonly Path[]> {
  const activator = await activatorProcess(direct, protocol);
  const paths: Path[] = [
    { name: 'direct', at: direct, pids: [], close: () => undefined },
    { name: 'docker-proxy', at: published, pids: processes(`-host-port ${published.port} `), close: () => undefined },
    { name: 'splice', at: { host: '127.0.0.1', port: activator.port }, pids: [activator.pid], close: activator.close },
    await pipe(direct),
  ];
  const kernel = await openRedirectManager({ instance: `bench${process.pid}`, log: silent });
  if ('how' in kernel.available) paths.push(await redirected(kernel, direct));
  if (isInstalled(HAPROXY)) paths.push(await haproxy(direct));
  if (existsSync(SOCKET_PROXYD)) paths.push(await socketProxyd(direct));
  return paths;
}

/** A rule of the kernel; nobody has to listen for it. */
async function redirected(kernel: RedirectManager, to: Target): Promise<Path> {
  const port = await freePort();
  const failed = await kernel.set([{ service: 'bench/service', hostIp: '127.0.0.1', port, to }]);
  if (failed) throw new Error(failed.message);
  return { name: 'kernel', at: { host: '127.0.0.1', port }, pids: [], close: async () => void (await kernel.close()) };
}

export function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Those whose command line has this in it. */
function processes(text: string): number[] {
  const isMeant = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').includes(text);
    } catch {
      return false; // ended meanwhile
    }
  };
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && isMeant(name))
    .map(Number);
}

/** What the splice would be without the work on it. */
async function pipe(target: Target): Promise<Path> {
  const port = await freePort();
  const program = `require('net').createServer({ allowHalfOpen: true, noDelay: true }, a => {
    const b = require('net').connect({ ...${JSON.stringify(target)}, allowHalfOpen: true, noDelay: true });
    a.on('error', () => b.destroy()); b.on('error', () => a.destroy()); a.pipe(b); b.pipe(a);
  }).listen(${port}, '127.0.0.1')`;
  return proxy('Node pipe', port, spawn(process.execPath, ['-e', program], { stdio: 'ignore' }));
}

/** As installed: as many threads as there are cores. */
async function haproxy({ host, port: to }: Target): Promise<Path> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  const timeouts = 'timeout connect 5s\n  timeout client 1h\n  timeout server 1h';
  writeFileSync(file, `defaults\n  mode tcp\n  ${timeouts}\nlisten it\n  bind 127.0.0.1:${port}\n  server it ${host}:${to}\n`);
  const path = await proxy('haproxy', port, spawn(HAPROXY, ['-db', '-f', file], { stdio: 'ignore' }));
  rmSync(folder, { recursive: true });
  return path;
}

async function socketProxyd({ host, port: to }: Target): Promise<Path> {
  const port = await freePort();
  const child = spawn(SOCKET_ACTIVATE, ['-l', `127.0.0.1:${port}`, SOCKET_PROXYD, `${host}:${to}`], { stdio: 'ignore' });
  return proxy('systemd-socket-proxyd', port, child);
}

async function proxy(name: string, port: number, child: ChildProcess): Promise<Path> {
  const exited = once(child, 'exit');
  for (let tries = 0; !(await accepts(port)); tries += 1) {
    if (tries > 200) throw new Error(`${name} does not listen on ${port}`);
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  const close = async (): Promise<void> => {
    child.kill();
    await exited;
  };
  return { name, at: { host: '127.0.0.1', port }, pids: child.pid ? [child.pid] : [], close };
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.end(() => resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
