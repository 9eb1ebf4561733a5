import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engine, inspect } from './engine.js';
import { until } from './until.js';

/**
 * A dockerd of this machine's own program with a containerd, folders and a bridge of its own, to be stopped, killed and hung. Its bridge is a
 * network of the tests' engine: a dockerd without one, or with the usual one, deletes the first engine's docker0; and so does one with
 * --default-address-pool when it starts for the second time.
 */
export class PrivateEngine {
  private process: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    private readonly bridge: string,
    private readonly options: readonly string[],
  ) {}

  /** Runs when this resolves. `options`: further arguments of dockerd. */
  static async open(...options: string[]): Promise<PrivateEngine> {
    if (process.getuid?.() !== 0) throw new Error('these tests start a dockerd of their own, which needs root: run them with sudo');
    const bridge = `ldt${randomBytes(4).toString('hex')}`;
    await engine('POST', '/networks/create', { Name: bridge, Options: { 'com.docker.network.bridge.name': bridge } });
    const own = new PrivateEngine(mkdtempSync(join(tmpdir(), 'ldt-engine-')), bridge, options);
    writeFileSync(own.path('daemon.json'), '{}'); // not this machine's
    // A containerd that dockerd starts does not always survive a kill of it, nor always end with it.
    writeFileSync(own.path('containerd.toml'), `version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n`);
    await own.startAll();
    return own;
  }

  /** With its containerd. Resolves when it answers. */
  async startAll(): Promise<void> {
    const socket = this.path('containerd.sock');
    const places = ['--root', this.path('containerd'), '--state', this.path('containerd-state'), '--address', socket];
    this.run('containerd', ['--config', this.path('containerd.toml'), ...places]);
    await until('its containerd listens', () => existsSync(socket));
    await this.start();
  }

  /** As when the machine has gone: all that runs of it, its containers too, and what was not on the disk. */
  async vanish(): Promise<void> {
    const containers = await engine<readonly { Id: string }[]>('GET', '/containers/json', undefined, this.endpoint);
    const inspected = await Promise.all(containers.map(({ Id }) => inspect(Id, this.endpoint)));
    // The shims before their containers: nobody is left who could say how they ended.
    await this.killAll();
    for (const { State } of inspected) process.kill(State.Pid, 'SIGKILL');
    this.process = null;
    this.unmount();
    for (const name of ['exec', 'containerd-state', 'containerd.sock', 'docker.pid', 'docker.sock'])
      rmSync(this.path(name), { recursive: true, force: true });
  }

  get endpoint(): string {
    return `unix://${this.path('docker.sock')}`;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const started = this.run('dockerd', this.args());
    this.process = started;
    await until('the private engine answers', async () => {
      if (started.exitCode !== null) throw new Error(readFileSync(this.path('log'), 'utf8').slice(-2_000));
      await engine('GET', '/version', undefined, this.endpoint);
      return true;
    });
  }

  /** Resolves when it is gone; SIGTERM ends it in order. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const ended = this.process;
    this.process = null;
    if (!ended || ended.exitCode !== null) return;
    const gone = once(ended, 'exit');
    ended.kill(signal);
    await gone;
  }

  /** SIGSTOP: connections are accepted by the kernel, and nothing is answered. SIGCONT ends that. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.process?.kill(signal);
  }

  /** Ends it and all that it has started, and takes its mounts, its folder and its bridge away. */
  async close(): Promise<void> {
    this.signal('SIGCONT');
    // Bridges of a test that failed would stay for good. An engine that does not answer has none that it could take away.
    await this.clear().catch(() => undefined);
    await this.end('SIGTERM');
    await this.killAll();
    this.unmount();
    rmSync(this.folder, { recursive: true, force: true });
    await engine('DELETE', `/networks/${this.bridge}`);
  }

  private async killAll(): Promise<void> {
    await until('nothing of it runs', () => {
      const left = this.processes();
      for (const pid of left) process.kill(pid, 'SIGKILL');
      return left.length === 0;
    });
  }

  private unmount(): void {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const own = mounts.map(line => line.split(' ')[1] ?? '').filter(path => path.startsWith(`${this.folder}/`));
    for (const path of own.reverse()) execFileSync('umount', ['--lazy', path]);
  }

  private async clear(): Promise<void> {
    for (const { Id } of await engine<readonly { Id: string }[]>('GET', '/containers/json?all=true', undefined, this.endpoint))
      await engine('DELETE', `/containers/${Id}?force=true`, undefined, this.endpoint);
    await engine('POST', '/networks/prune', undefined, this.endpoint);
  }

  private run(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.path('log'), 'a');
    const path = execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/usr/local/sbin command -v ${program}`], { encoding: 'utf8' }).trim();
    const started = spawn(path, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    return started;
  }

  private args(): string[] {
    const { folder, bridge } = this;
    return [
      ...['--host', this.endpoint, '--config-file', this.path('daemon.json'), '--pidfile', this.path('docker.pid')],
      ...['--containerd', this.path('containerd.sock')],
      ...['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`, '--cgroup-parent', `/${bridge}`],
      ...['--bridge', bridge, '--iptables=false', '--ip-masq=false'],
      ...this.options,
    ];
  }

  private path(name: string): string {
    return join(this.folder, name);
  }

  /** Whatever was started with its folder in its arguments: containerd, and the shims of containers. */
  private processes(): number[] {
    const isOurs = (pid: number): boolean => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${this.folder}/`);
      } catch {
        return false; // it has just ended
      }
    };
    return readdirSync('/proc')
      .map(Number)
      .filter(pid => pid > 0 && isOurs(pid));
  }
}
