import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import { byGear } from '../support/deep.js';
import { connected, serve } from './harness.js';
import { type ActivatorProcess, activatorProcess } from './support/activator-process.js';

const SENT = byGear({ deep: 1024, usual: 256, fast: 48 }) * MiB;
const GROWTH = 30 * MiB;

function memory(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024;
}

/** Sends what can be told apart at every place: blocks that differ, their number first. */
async function send(socket: Socket, sum: Hash): Promise<void> {
  const block = Buffer.from(Array.from({ length: MiB }, (_, index) => (index * 31) >> 3));
  for (let sent = 0; sent < SENT; sent += MiB) {
    const chunk = Buffer.from(block);
    chunk.writeUInt32LE(sent / MiB, (sent / MiB) % 1000);
    sum.update(chunk);
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
}

async function stream(activator: ActivatorProcess): Promise<{ sent: string; got: string; peak: number }> {
  const [sent, got] = [createHash('sha1'), createHash('sha1')];
  const before = memory(activator.pid, 'VmRSS');
  const socket = await connected(activator.port);
  socket.on('data', chunk => got.update(chunk));
  const ended = once(socket, 'end');
  await send(socket, sent);
  await ended;
  return { sent: sent.digest('hex'), got: got.digest('hex'), peak: memory(activator.pid, 'VmHWM') - before };
}

test(`${SENT / MiB} MB there and back through a splice arrives intact, and the peak of memory grows by less than 30 MB`, {
  timeout: 120_000,
}, async () => {
  const echo = await serve(socket => void socket.pipe(socket));
  const activator = await activatorProcess(echo.target, 'tcp');
  try {
    const { sent, got, peak } = await stream(activator);
    expect(got).toBe(sent);
    expect(peak).toBeLessThan(GROWTH);
  } finally {
    await activator.close();
    await echo.close();
  }
});
