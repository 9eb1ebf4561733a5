import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Home } from '../support/home.js';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/** The daemon's own process, without the command line around it: so that its end is ours to choose. */
export class DaemonProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves when it answers on its socket. `env` is added to the home's. */
  static async start(home: Home, env: Readonly<Record<string, string>> = {}): Promise<DaemonProcess> {
    const outFile = join(home.root, 'daemon.out');
    const out = openSync(outFile, 'a');
    const child = spawn(process.execPath, [MAIN], {
      cwd: home.root,
      env: { ...home.env, ...env, LAPTOP_DEV_READY_FD: '3' },
      stdio: ['ignore', out, out, 'pipe'],
    });
    closeSync(out);
    const ended: Promise<never> = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the daemon ended (${code ?? signal}) before it answered: ${readFileSync(outFile, 'utf8').slice(-2_000)}`);
    });
    ended.catch(() => undefined);
    const started = await Promise.race([firstLine<{ ok: boolean; error?: { message: string } }>(child.stdio[3] as Readable), ended]);
    if (!started.ok) throw new Error(`the daemon did not start: ${started.error?.message}`);
    return new DaemonProcess(child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when the kernel is rid of it. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

async function firstLine<T>(stream: Readable): Promise<T> {
  const reader = createInterface({ input: stream });
  for await (const line of reader) {
    reader.close();
    stream.destroy();
    return JSON.parse(line);
  }
  return new Promise(() => undefined); // its end, which says why, is awaited beside this
}
