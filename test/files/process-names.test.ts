import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { portOwner } from '../../daemon/engine/published/port-owner.js';
import { processView } from '../../daemon/files/process.js';
import { hostEvidence } from '../../daemon/platform/doctor/host-evidence.js';

const PID = 314;

interface Planted {
  readonly comm: string;
  readonly words?: readonly string[];
  readonly exe?: string;
}

/** A root with one process in its /proc, that is busy and listens on port 8080. */
function rootWith({ comm, words = [], exe }: Planted): string {
  const root = mkdtempSync(join(tmpdir(), 'ld-names-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'proc', String(PID));
  mkdirSync(join(folder, 'fd'), { recursive: true });
  mkdirSync(join(root, 'proc/net'));
  symlinkSync('socket:[42]', join(folder, 'fd/3'));
  if (exe !== undefined) symlinkSync(exe, join(folder, 'exe'));
  writeFileSync(join(folder, 'comm'), `${comm}\n`);
  writeFileSync(join(folder, 'cmdline'), words.map(word => `${word}\0`).join(''));
  writeFileSync(join(folder, 'stat'), `${PID} (${comm}) S 1 1 1 0 -1 0 0 0 0 0 900 0 0 0 20 0 1 0 5000 0 0\n`);
  writeFileSync(join(root, 'proc/uptime'), '1000.00 4000.00\n');
  const listens = '0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 42';
  writeFileSync(join(root, 'proc/net/tcp'), `sl local_address rem_address st\n${listens}\n`);
  return root;
}

const READERS: readonly [reader: string, nameIn: (root: string) => string | null | undefined][] = [
  ['the holder of a lock, or another daemon', root => processView(PID, join(root, 'proc'))?.name],
  ['the owner of a port', root => portOwner('127.0.0.1', 8080, 'tcp', join(root, 'proc'))?.name],
  [
    "the doctor's busiest process",
    root => hostEvidence({ root, env: {} } as Parameters<typeof hostEvidence>[0], { socket: '/s', home: '/h' }).busiest?.name,
  ],
];

describe.each(READERS)('%s', (_reader, nameIn) => {
  it.each<[string, Planted]>([
    ['nginx', { comm: 'nginx', words: ['nginx: master process /usr/sbin/nginx'] }],
    ['laptop-dev', { comm: 'laptop-dev', words: ['/usr/bin/node', '/opt/laptop-dev/dist/main.js'] }],
    ['node', { comm: 'node', words: ['/usr/bin/node', 'server.js'] }],
    ['node', { comm: 'MainThread', words: ['/opt/node-24/bin/node', '/srv/app/server.js'], exe: '/opt/node-24/bin/node' }],
    ['node', { comm: 'MainThread', words: ['node', 'server.js'] }],
    ['node', { comm: 'node-MainThread', words: ['/opt/node-26/bin/node', 'server.js'] }],
    ['node', { comm: 'MainThread', exe: '/opt/node-24/bin/node' }],
    ['MainThread', { comm: 'MainThread' }],
    ['x'.repeat(64), { comm: 'MainThread', words: [`/opt/${'x'.repeat(5_000)}`, 'server.js'] }],
  ])('is called %s (%#)', (name, planted) => expect(nameIn(rootWith(planted))).toBe(name));
});

it('a Node of this version is called after its program', async () => {
  const listen = "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  const [port] = await once(child.stdout, 'data');
  const name = basename(process.execPath);
  expect(portOwner('127.0.0.1', Number(port))).toMatchObject({ pid: child.pid, name });
  expect(processView(child.pid ?? 0)).toMatchObject({ name });
});
