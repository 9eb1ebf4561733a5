import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type OtherDaemon, otherDaemon } from '../../daemon/engine/published/other-daemon.js';
import { portTaken } from '../../daemon/engine/published/port-taken.js';
import { failure } from '../../daemon/shared/failure.js';

const US = process.getuid?.() ?? 0;
const DAEMON = ['/usr/bin/node', '--max-semi-space-size=1', '--no-opt', '/home/alice/laptop-dev/dist/main.js'];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ld-other-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A /proc with one process; those below a temporary folder are of this user. */
function procWith(pid: number, comm: string, words: readonly string[], env: Readonly<Record<string, string>> | null = null): string {
  const proc = folder();
  mkdirSync(join(proc, `${pid}/fd`), { recursive: true });
  symlinkSync('socket:[42]', join(proc, `${pid}/fd/3`));
  writeFileSync(join(proc, `${pid}/comm`), `${comm}\n`);
  writeFileSync(join(proc, `${pid}/cmdline`), `${words.join('\0')}\0`);
  if (env)
    writeFileSync(
      join(proc, `${pid}/environ`),
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}\0`)
        .join(''),
    );
  return proc;
}

async function answering(data: unknown): Promise<string> {
  const socket = join(folder(), 'daemon.sock');
  const server = createServer((request, response) => {
    response.statusCode = request.headers.host === 'laptop-dev' && request.url === '/v1/services' ? 200 : 403;
    response.end(JSON.stringify({ ok: true, data }));
  }).listen(socket);
  onTestFinished(() => void server.close());
  await new Promise(resolve => server.once('listening', resolve));
  return socket;
}

describe('the owner of a port', () => {
  it('is known as a daemon with another state folder, and is asked for whom it listens', async () => {
    const socket = await answering([
      { project: 'office', name: 'db', ports: [{ hostIp: '127.0.0.1', host: 5432 }] },
      { project: 'shop', name: 'web', ports: [{ hostIp: '127.0.0.1', host: 8080 }] },
    ]);
    const proc = procWith(314, 'node', DAEMON, { LAPTOP_DEV_STATE: '/other/state', LAPTOP_DEV_SOCKET: socket, SECRET: 's3cret' });
    const settings = `LAPTOP_DEV_STATE=/other/state LAPTOP_DEV_SOCKET=${socket} `;
    const { username } = userInfo();
    expect(await otherDaemon(314, US, 8080, {}, proc)).toEqual({
      pid: 314,
      uid: US,
      user: username,
      settings,
      project: 'shop',
      service: 'web',
    });
    expect(await otherDaemon(314, US, 1, {}, proc)).toMatchObject({ project: null, service: null });
    expect(await otherDaemon(null, US, 8080, {}, proc)).toMatchObject({ pid: 314, project: 'shop' });
    expect(await otherDaemon(null, US + 1, 8080, {}, proc)).toBeNull();
  });

  it('is a daemon also where it cannot be asked, answers nonsense, or writes escapes for names', async () => {
    expect(await otherDaemon(7, US, 80, {}, procWith(7, 'laptop-dev', ['node', '/opt/x/dist/main.js']))).toMatchObject({
      settings: '',
      project: null,
    });
    const evil = await answering([{ project: '\x1b[2Jshop', name: 'web', ports: [{ host: 80 }] }, { ports: 3 }, null]);
    expect(await otherDaemon(7, US, 80, {}, procWith(7, 'node', DAEMON, { LAPTOP_DEV_SOCKET: evil }))).toMatchObject({ project: null });
  });

  it.each([
    ['nginx', ['nginx: master process']],
    ['node', ['node', '/srv/app/dist/main.js']],
    ['node', ['node', '--max-semi-space-size=1', '/srv/app/server.js']],
    ['laptop-dev', ['/bin/sh', '/x/dist/main.js']],
  ])('is no daemon: %s %j', async (comm, words) => expect(await otherDaemon(7, US, 80, {}, procWith(7, comm, words))).toBeNull());
});

describe('words for a port that is taken', () => {
  const found = failure('port-taken', 'x');
  const owner = (name: string) => ({ pid: 9, name, uid: US });
  const daemon: OtherDaemon = { pid: 9, uid: US, user: 'me', settings: 'LAPTOP_DEV_STATE=/b ', project: 'shop', service: 'web' };

  it.each([
    [
      daemon,
      'another laptop-dev daemon of yours (PID 9), for web of project shop',
      'LAPTOP_DEV_STATE=/b laptop-dev down -p shop gives it up',
    ],
    [
      { ...daemon, uid: US + 1, user: 'alice' },
      'the laptop-dev daemon of alice (PID 9), for web of project shop',
      'sudo -u alice env LAPTOP_DEV_STATE=/b laptop-dev down -p shop gives it up',
    ],
    [
      { ...daemon, uid: US + 1, user: 'alice', settings: '', project: null, service: null },
      'the laptop-dev daemon of alice (PID 9)',
      'sudo -u alice laptop-dev ps --all shows whose port it is',
    ],
    [
      { ...daemon, pid: process.pid, settings: '' },
      'this laptop-dev daemon, for web of project shop',
      'laptop-dev down -p shop gives it up',
    ],
  ])('%o', (by, message, remedy) => {
    const said = portTaken('127.0.0.1', 80, null, owner('node'), found.details, by);
    expect([said.message, said.remedies[0]]).toEqual([`127.0.0.1:80 is taken by ${message}`, remedy]);
    expect(said.remedies.join()).not.toContain('Stop process');
  });

  it.each([
    ['systemd', 'list-sockets | grep 80'],
    ['docker-proxy', 'docker ps --filter publish=80'],
    ['rootlessport', 'podman ps --filter publish=80'],
    ['sshd', 'close that session'],
    ['nginx', 'Stop process 9'],
  ])('held by %s say how to get at what is behind it', (name, remedy) =>
    expect(portTaken('', 80, null, owner(name), found.details).remedies[0]).toContain(remedy),
  );

  it('held by a container of another laptop-dev daemon name its project', () => {
    const by = { container: 'shop-web-1', project: 'shop', managed: true };
    expect(portTaken('', 80, by, owner('docker-proxy'), found.details).remedies[0]).toContain('laptop-dev down -p shop');
  });
});
