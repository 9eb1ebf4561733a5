import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../daemon/server/app.js';
import { listenUnix, ownFolder } from '../../daemon/server/listen.js';
import { ENDPOINTS } from '../../daemon/server/schema/endpoints.js';
import { FailureError } from '../../daemon/shared/failure.js';
import { sampled } from '../support/deep.js';
import { errorOf, type Fake, fake, type Running, send, sendRaw, serve, spec } from './harness.js';

let running: Running;
let double: Fake;
beforeAll(async () => {
  double = fake();
  running = await serve(double.supervisor);
});
afterAll(() => running.stop());

const concrete = (path: string) => path.replace('{project}', 'shop').replace('{service}', 'api');
const GETS = ENDPOINTS.filter(endpoint => endpoint.method === 'get').map(endpoint => concrete(endpoint.path));
const POSTS = ENDPOINTS.filter(endpoint => endpoint.method === 'post').map(endpoint => concrete(endpoint.path));

describe('1. the socket belongs to its owner', () => {
  it('has mode 0600 in a folder of mode 0700', () => {
    expect((statSync(running.socket).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(dirname(running.socket)).mode & 0o777).toString(8)).toBe('700');
  });

  it.runIf(process.getuid?.() === 0)('refuses another user', () => {
    chmodSync(dirname(dirname(running.socket)), 0o755);
    const probe = `require('node:net').connect(${JSON.stringify(running.socket)}).on('connect',()=>{console.log('in');process.exit()}).on('error',e=>console.log(e.code))`;
    const code = `process.setgid(65534);process.setuid(65534);${probe}`;
    expect(execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' }).trim()).toBe('EACCES');
  });

  it('takes over a socket file that an earlier daemon left, and restores the umask', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ld-stale-'));
    const path = join(folder, 'daemon.sock');
    writeFileSync(path, '');
    const before = process.umask();
    const app = buildApp({ supervisor: double.supervisor, log: { debug() {}, info() {}, warn() {}, error() {} } });
    await listenUnix(app, path);
    expect((await send(path, 'GET', '/v1/version')).status).toBe(200);
    expect(process.umask()).toBe(before);
    await app.close();
    rmSync(folder, { recursive: true });
  });

  it('uses no folder that is open to others, a link, or a file, and never changes one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ld-open-'));
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    symlinkSync(open, join(folder, 'link'));
    writeFileSync(join(folder, 'file'), '');
    expect(() => ownFolder(open)).toThrow(/open to other users \(mode 777\)/);
    expect(remediesOf(() => ownFolder(open))).toContain(`chmod 700 ${open}`);
    chmodSync(open, 0o1777); // as /tmp is, which must stay open
    expect(remediesOf(() => ownFolder(open))).not.toContain('chmod');
    expect((statSync(open).mode & 0o777).toString(8)).toBe('777');
    expect(() => ownFolder(join(folder, 'link'))).toThrow(/not a folder/);
    expect(() => ownFolder(join(folder, 'file'))).toThrow();
    rmSync(folder, { recursive: true });
  });
});

function remediesOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FailureError) return error.failure.remedies.join('\n');
  }
  return '';
}

describe('4. Host is our word', () => {
  const wrong = [
    'evil.example', 'laptop-dev.evil.example', 'evil.laptop-dev', 'LAPTOP-DEV', 'Laptop-Dev', 'laptop-dev:80', 'laptop-dev.', 'laptop-dev/',
    'localhost:80', 'LOCALHOST', 'localhost.', 'localhost.evil.example', '127.0.0.1', '127.0.0.1:2375', '0.0.0.0', '[::1]', '::1', '127.1',
    '2130706433', '0x7f000001', 'laptop_dev', 'laptop-dev,evil', 'laptop-dev evil', '*', '-', 'null', 'user@laptop-dev', 'laptop-dev#x', 'laptop-dev?x', 'xn--laptop-dev',
  ]; // biome-ignore format: a table
  it.each(wrong)('refuses %s', async host => {
    const reply = await send(running.socket, 'GET', '/v1/version', { headers: { host } });
    expect([reply.status, errorOf(reply).code]).toEqual([403, 'request-refused']);
  });
  it('refuses an absent, an empty and a double one', async () => {
    expect(await sendRaw(running.socket, 'GET /v1/version HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect(await sendRaw(running.socket, 'GET /v1/version HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 403/);
    expect(await sendRaw(running.socket, 'GET /v1/version HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 403/);
    const twice = 'GET /v1/version HTTP/1.1\r\nHost: laptop-dev\r\nHost: evil\r\nConnection: close\r\n\r\n';
    expect(await sendRaw(running.socket, twice)).toMatch(/^HTTP\/1\.1 40[03]/);
  });
  it('lets our word and localhost in', async () => {
    for (const host of ['laptop-dev', 'localhost'])
      expect((await send(running.socket, 'GET', '/v1/version', { headers: { host } })).status).toBe(200);
  });
});

describe('5. no browser is let in', () => {
  const signs = [
    { origin: 'https://evil.example' }, { origin: 'null' }, { origin: 'http://localhost' }, { origin: 'http://laptop-dev' }, { origin: 'http://127.0.0.1:2375' },
    { origin: '' }, { referer: 'https://evil.example/page' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-mode': 'no-cors' },
  ]; // biome-ignore format: a table
  it.each(signs)('refuses %o on every route', async sign => {
    for (const path of sampled(GETS)) expect((await send(running.socket, 'GET', path, { headers: { ...sign } })).status).toBe(403);
    for (const path of sampled(POSTS)) {
      const reply = await send(running.socket, 'POST', path, { headers: { ...sign }, body: '{}' });
      expect([path, reply.status]).toEqual([path, 403]);
    }
    expect(double.calls).toEqual([]);
  });
  it('refuses a preflight', async () => {
    const reply = await send(running.socket, 'OPTIONS', '/v1/shutdown', { headers: { origin: 'https://evil.example' } });
    expect(reply.status).toBe(403);
    expect(Object.keys(reply.headers).filter(name => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('6. what changes something is JSON', () => {
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'text/json', 'application/json; charset=utf-16', '']; // biome-ignore format: a table
  it.each(types)('refuses %s', async type => {
    for (const path of sampled(POSTS)) {
      const reply = await send(running.socket, 'POST', path, { headers: { 'content-type': type }, body: '{}' });
      expect([path, reply.status, errorOf(reply).code]).toEqual([path, 415, 'media-type']);
    }
    expect(double.calls).toEqual([]);
  });
  it('refuses a request without a body, and one without a type', async () => {
    for (const path of sampled(POSTS)) {
      const head = `POST ${path} HTTP/1.1\r\nHost: laptop-dev\r\nConnection: close\r\n`;
      expect(await sendRaw(running.socket, `${head}\r\n`)).toMatch(/^HTTP\/1\.1 415/);
      expect(await sendRaw(running.socket, `${head}Content-Length: 2\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 415/);
      expect(await sendRaw(running.socket, `${head}Content-Type: application/json\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400/);
    }
    expect(double.calls).toEqual([]);
  });
  it('refuses a compressed body', async () => {
    const reply = await send(running.socket, 'POST', '/v1/shutdown', { headers: { 'content-encoding': 'gzip' }, body: '{}' });
    expect(reply.status).toBe(415);
  });
});

describe('7. and 8. answers and methods', () => {
  it('carries the same headers on every answer, none for CORS', async () => {
    const replies = [
      await send(running.socket, 'GET', '/v1/version'),
      await send(running.socket, 'GET', '/v1/nothing'),
      await send(running.socket, 'GET', '/v1/notices'),
      await send(running.socket, 'POST', '/v1/clean', { body: '{' }),
    ];
    for (const { headers } of replies) {
      expect(headers).toMatchObject({
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
      expect(Object.keys(headers).filter(name => name.startsWith('access-control'))).toEqual([]);
    }
  });
  it('changes nothing on GET, HEAD, PUT, PATCH or DELETE', async () => {
    const json = { 'content-type': 'application/json' };
    const others = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'];
    for (const [method, path] of sampled(POSTS.flatMap(post => others.map(other => [other, post] as const)), 6))
      expect([method, path, (await send(running.socket, method, path, { headers: json })).status]).toEqual([method, path, 404]); // biome-ignore format: a table
    for (const path of GETS) await send(running.socket, 'GET', path);
    expect(double.calls).toEqual([]);
  });
});

describe('9. names and paths', () => {
  const paths = [
    '/v1/projects/..%2fetc/logs', '/v1/projects/%2e%2e/logs', '/v1/projects/../../etc/logs', '/v1/projects/shop%00/logs', '/v1/projects/shop%2f/logs', '/v1/projects//logs',
    '/v1/projects/./logs', '/v1//version', '/v1/version/', '/v1/version%20', '/v1\\version', '//evil.example/v1/version', 'http://evil.example/v1/version', '/v1/projects/sh%C3%B6p/logs', '*',
  ]; // biome-ignore format: a table
  it.each(paths)('refuses %s', async path => {
    const answer = await sendRaw(running.socket, `GET ${path} HTTP/1.1\r\nHost: laptop-dev\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|403)/);
  });
  it.each(['-shop', 'Shop', '.shop', 'a'.repeat(64)])('takes no project %s', async name => {
    const reply = await send(running.socket, 'GET', `/v1/projects/${name}/logs`);
    expect([400, 403, 404]).toContain(reply.status);
  });
});

describe('12. secrets stay where they are', () => {
  it('repeats no value of an environment in answers, errors or the log', async () => {
    const CANARY = 'canary-5e1f';
    const bodies = [
      JSON.stringify({ spec: spec({ PASSWORD: CANARY }), services: null }),
      JSON.stringify({ spec: spec({ PASSWORD: CANARY }), services: null, dryRun: true }),
      JSON.stringify({ spec: spec({ PASSWORD: CANARY }), services: null, wait: true }),
      JSON.stringify({ spec: { ...spec({ PASSWORD: CANARY }), profile: { x: CANARY } }, services: null }),
      `{"spec": "${CANARY}`,
      JSON.stringify({ spec: CANARY, services: CANARY }),
      JSON.stringify({ spec: spec({ PASSWORD: CANARY }), services: [CANARY, '../x'] }),
    ];
    const texts: string[] = [];
    for (const body of bodies) texts.push((await send(running.socket, 'POST', '/v1/projects/shop/up', { body })).text);
    texts.push((await send(running.socket, 'GET', `/v1/services?project=${CANARY}`)).text);
    const bug = fake({ act: async () => Promise.reject(new Error(`bug with ${CANARY}`)) });
    const broken = await serve(bug.supervisor);
    const reply = await send(broken.socket, 'POST', '/v1/projects/shop/up', { body: bodies[0] ?? '' });
    expect([reply.status, errorOf(reply).code]).toEqual([500, 'internal']);
    await broken.stop();
    expect([...texts, reply.text, ...running.logged].filter(text => text.includes(CANARY))).toEqual([]);
    double.calls.length = 0;
  });
});

describe('13. bounds', () => {
  it('takes 64 KiB, and 1 MiB for an up', async () => {
    const body = (bytes: number) => JSON.stringify({ services: [], padding: 'x'.repeat(bytes) });
    expect((await send(running.socket, 'POST', '/v1/projects/shop/stop', { body: body(70_000) })).status).toBe(413);
    expect((await send(running.socket, 'POST', '/v1/projects/shop/up', { body: body(70_000) })).status).toBe(400);
    expect((await send(running.socket, 'POST', '/v1/projects/shop/up', { body: body(1_100_000) })).status).toBe(413);
  });

  it('drops connections beyond the limit and answers again when one is free', async () => {
    const few = await serve(fake().supervisor, { connections: 3 });
    const idle = await Promise.all([1, 2, 3].map(() => new Promise<ReturnType<typeof connect>>(resolve => {
      const client = connect(few.socket, () => resolve(client));
    }))); // biome-ignore format: short
    await expect(send(few.socket, 'GET', '/v1/version')).rejects.toThrow();
    const closed = new Promise(resolve => few.app.server.getConnections(() => idle[0]?.once('close', resolve).destroy()));
    await closed;
    await expect.poll(async () => (await send(few.socket, 'GET', '/v1/version').catch(() => null))?.status).toBe(200);
    for (const client of idle) client.destroy();
    await few.stop();
  });

  it('ends a request that is not complete in time', async () => {
    const hasty = await serve(fake().supervisor, { requestTimeout: 300 });
    const slow = 'POST /v1/shutdown HTTP/1.1\r\nHost: laptop-dev\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{';
    expect(await sendRaw(hasty.socket, slow)).toMatch(/^HTTP\/1\.1 408/);
    expect(await sendRaw(hasty.socket, 'GET /v1/vers')).toMatch(/^HTTP\/1\.1 408/);
    expect(await sendRaw(hasty.socket, '')).toMatch(/^HTTP\/1\.1 408/);
    await hasty.stop();
  });

  it('answers what is not HTTP, and long headers, in HTTP', async () => {
    expect(await sendRaw(running.socket, '\u0016\u0003\u0001 hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    const long = `GET /v1/version HTTP/1.1\r\nHost: laptop-dev\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await sendRaw(running.socket, long)).toMatch(/^HTTP\/1\.1 431/);
  });
});
