import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HostSurroundings } from '../../daemon/engine/discovery/candidate.js';
import { fromDockerContext } from '../../daemon/engine/discovery/docker-context.js';
import { findEngine } from '../../daemon/engine/discovery/find-engine.js';
import {
  fromDockerDesktop,
  fromDockerEngine,
  fromEnvironment,
  fromPodman,
  fromRancherDesktop,
} from '../../daemon/engine/discovery/strategies.js';

let root: string;
const servers: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'find-'));
});
afterEach(async () => {
  for (const close of servers.splice(0)) await close();
  rmSync(root, { recursive: true, force: true });
});

const around = (env: Record<string, string> = {}, uid = 1000): HostSurroundings => ({ env, home: '/home/u', root, uid });
const endpoints = (candidates: readonly { endpoint: string }[]) => candidates.map(each => each.endpoint.replace(root, ''));
function put(path: string, content: unknown): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

/** An engine that answers pings on a socket below root, or hangs. */
async function engineAt(path: string, kind: 'docker' | 'podman' | 'hung' | 'web'): Promise<string> {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  const server = createServer((_request, response) => {
    if (kind === 'hung') return;
    const headers = kind === 'docker' ? { 'api-version': '1.41' } : { 'api-version': '1.41', 'libpod-api-version': '4.3.1' };
    response.writeHead(200, kind === 'web' ? {} : headers);
    response.end('OK');
  });
  server.listen(join(root, path));
  await once(server, 'listening');
  servers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return join(root, path);
}
const find = (env: Record<string, string> = {}, choice: 'docker' | 'podman' | null = null) => findEngine({ ...around(env), choice });

describe('strategies', () => {
  test('environment: our variable before Docker’s; certificates with TLS', () => {
    expect(fromEnvironment(around())).toEqual([]);
    expect(endpoints(fromEnvironment(around({ LAPTOP_DEV_ENGINE: '/a.sock', DOCKER_HOST: 'unix:///b.sock' })))).toEqual([
      '/a.sock',
      'unix:///b.sock',
    ]);
    for (const name of ['ca', 'cert', 'key']) put(`/certs/${name}.pem`, name);
    const [secure] = fromEnvironment(around({ DOCKER_HOST: 'tcp://h:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' }));
    expect(secure?.tls?.ca.toString()).toBe('ca');
  });

  test('Docker context: the variable, then config.json, then none', () => {
    expect(fromDockerContext(around())).toEqual([]);
    const meta = (name: string) => `/home/u/.docker/contexts/meta/${createHash('sha256').update(name).digest('hex')}/meta.json`;
    put('/home/u/.docker/config.json', { currentContext: 'desktop-linux' });
    put(meta('desktop-linux'), { Name: 'desktop-linux', Endpoints: { docker: { Host: 'unix:///home/u/.docker/desktop/docker.sock' } } });
    put(meta('remote'), { Name: 'remote', Endpoints: { docker: { Host: 'tcp://remote:2375' } } });
    expect(fromDockerContext(around())).toMatchObject([
      { endpoint: 'unix:///home/u/.docker/desktop/docker.sock', explicit: true, source: 'Docker context desktop-linux' },
    ]);
    expect(fromDockerContext(around({ DOCKER_CONTEXT: 'remote' }))).toMatchObject([{ endpoint: 'tcp://remote:2375' }]);
    expect(fromDockerContext(around({ DOCKER_CONTEXT: 'default' }))).toEqual([]);
  });

  test('a context whose data is gone counts only when it was asked for', () => {
    put('/home/u/.docker/config.json', { currentContext: 'gone' });
    expect(fromDockerContext(around())).toEqual([]);
    expect(fromDockerContext(around({ DOCKER_CONTEXT: 'gone' }))).toMatchObject([{ explicit: true }]);
    put('/home/u/.docker/config.json', '{ not json');
    expect(fromDockerContext(around())).toEqual([]);
  });

  test('sockets of each product, in order', () => {
    expect(endpoints(fromDockerEngine(around()))).toEqual(['/var/run/docker.sock', '/run/docker.sock', '/run/user/1000/docker.sock']);
    expect(endpoints(fromDockerEngine(around({ XDG_RUNTIME_DIR: '/x' }))).at(-1)).toBe('/x/docker.sock');
    expect(endpoints(fromDockerEngine(around({}, 0)))).toEqual(['/var/run/docker.sock', '/run/docker.sock']);
    expect(endpoints(fromDockerDesktop(around())).slice(0, 2)).toEqual([
      '/home/u/.docker/desktop/docker.sock',
      '/home/u/.docker/run/docker.sock',
    ]);
    expect(endpoints(fromRancherDesktop(around()))).toEqual(['/home/u/.rd/docker.sock', '/mnt/wsl/rancher-desktop/run/docker.sock']);
    mkdirSync(join(root, '/mnt/wsl/podman-sockets/podman-machine-default'), { recursive: true });
    expect(endpoints(fromPodman(around()))).toEqual([
      '/run/user/1000/podman/podman.sock',
      '/run/podman/podman.sock',
      '/mnt/wsl/podman-sockets/podman-machine-default/podman-user.sock',
      '/mnt/wsl/podman-sockets/podman-machine-default/podman-root.sock',
    ]);
  });
});

describe('findEngine', () => {
  test('Docker Engine before Podman; the choice filters', async () => {
    const docker = await engineAt('/var/run/docker.sock', 'docker');
    const podman = await engineAt('/run/podman/podman.sock', 'podman');
    expect((await find()).found).toMatchObject({ endpoint: docker, kind: 'docker', source: 'Docker Engine' });
    expect((await find({}, 'podman')).found).toMatchObject({ endpoint: podman, kind: 'podman' });
    expect((await find({ LAPTOP_DEV_ENGINE: 'podman' })).found).toMatchObject({ endpoint: podman });
  });

  test('a Podman behind Docker’s socket name is taken for what it is', async () => {
    await engineAt('/var/run/docker.sock', 'podman');
    expect((await find()).found?.kind).toBe('podman');
    const { found, failure } = await find({}, 'docker');
    expect(found).toBeNull();
    expect(failure?.message).toContain('is podman, and docker was asked for');
  });

  test('none: every place and why not', async () => {
    put('/var/run/docker.sock', 'a file');
    await engineAt('/run/podman/podman.sock', 'web');
    const { failure } = await find();
    expect(failure).toMatchObject({ code: 'engine-unavailable' });
    expect(failure?.message).toMatch(/Docker Engine: .*\/var\/run\/docker\.sock: (nobody listens|the path is not a socket)/);
    expect(failure?.message).toMatch(/\/run\/docker\.sock: its socket is missing/);
    expect(failure?.message).toMatch(/podman\.sock: answers, but not as an engine does/);
  });

  test('a hung one costs two seconds, then the next is taken', async () => {
    await engineAt('/var/run/docker.sock', 'hung');
    const podman = await engineAt('/run/podman/podman.sock', 'podman');
    const { found, tried } = await find();
    expect(found?.endpoint).toBe(podman);
    expect(tried[0]).toMatchObject({ reason: 'no answer within 2 s' });
  });

  test('one named by the user that does not answer is an error, whatever else there is', async () => {
    await engineAt('/var/run/docker.sock', 'docker');
    const { found, failure } = await find({ DOCKER_HOST: `unix://${root}/absent.sock` });
    expect(found).toBeNull();
    expect(failure?.message).toMatch(/named by DOCKER_HOST .* does not answer: its socket is missing/);
  });

  test('the flag wins over an environment that names the other engine', async () => {
    const docker = await engineAt('/named.sock', 'docker');
    const podman = await engineAt('/run/podman/podman.sock', 'podman');
    expect((await find({ DOCKER_HOST: `unix://${docker}` }, 'podman')).found?.endpoint).toBe(podman);
  });

  test.each([
    ['ssh://me@host', /over SSH/],
    ['ftp://host', /not an engine/],
  ])('%s is refused', async (host, message) => {
    expect((await find({ DOCKER_HOST: host })).failure?.message).toMatch(message);
  });

  test('an engine behind TCP is found', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'api-version': '1.44' });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect((await find({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).found).toMatchObject({
      kind: 'docker',
      endpoint: `tcp://127.0.0.1:${port}`,
    });
    server.close();
  });

  test('certificates that cannot be read are named in the failure', async () => {
    const { failure } = await find({ DOCKER_HOST: 'tcp://127.0.0.1:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/absent' });
    expect(failure?.message).toContain('certificates');
  });
});
