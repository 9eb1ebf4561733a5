import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Protocol } from '../../../daemon/model/spec.js';
import type { Target } from '../../../daemon/ports/listeners.js';

/** Listeners in a process of their own, so that its memory and CPU time are theirs alone. Prints its port. */
const PROGRAM = `
import { createActivator } from './activator.js';
import { createServer } from 'node:net';
const { target, protocol } = JSON.parse(process.argv[2]);
const quiet = () => undefined;
const activator = createActivator(
  { target: () => target, wake: async () => target, changed: quiet },
  { log: { debug: quiet, info: quiet, warn: console.error, error: console.error }, clock: { now: () => performance.now(), wall: () => Date.now() } },
);
const free = createServer().listen(0, '127.0.0.1', () => {
  const { port } = free.address();
  free.close(async () => {
    const failed = await activator.set([{ service: 'p/s', hostIp: '127.0.0.1', port, containerPort: port, protocol, certain: true, holdBlocked: true, from: null }]);
    if (failed.length > 0) throw new Error(failed[0].failure.message);
    console.log(port);
  });
});
`;

export interface ActivatorProcess {
  readonly pid: number;
  readonly port: number;
  close(): Promise<void>;
}

export async function activatorProcess(target: Target, protocol: Protocol): Promise<ActivatorProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'activator-process-'));
  const outfile = join(folder, 'activator.mjs');
  const resolveDir = join(import.meta.dirname, '../../../daemon/activation');
  await build({ stdin: { contents: PROGRAM, resolveDir }, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  const child = spawn(process.execPath, [outfile, JSON.stringify({ target, protocol })], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const first = await Promise.race([once(child.stdout, 'data'), exited.then(() => ['nothing'])]);
  const port = Number(first[0]);
  if (!Number.isInteger(port) || !child.pid) throw new Error(`the activator answered ${first[0]}`);
  return {
    pid: child.pid,
    port,
    close: async () => {
      child.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
