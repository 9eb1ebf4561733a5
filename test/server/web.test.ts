import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { WebOpened } from '../../daemon/api/contract.js';
import { ENDPOINTS } from '../../daemon/server/schema/endpoints.js';
import { mayOpen, userIn, written } from '../../daemon/server/web/peer.js';
import { LINK_LIFE } from '../../daemon/server/web/tokens.js';
import { sampled } from '../support/deep.js';
import { connected, errorOf, fake, send } from './harness.js';
import { ask, bearer, exchange, JSON_BODY, openWeb, PAGE, upgradeHeaders, type Web } from './web-support.js';

const concrete = (path: string) => path.replace('{project}', 'shop').replace('{service}', 'api');
/** What the web view may change. */
const ALLOWED = ['start', 'stop', 'restart', 'pin', 'unpin'].map(verb => `/v1/projects/shop/${verb}`);

describe('the page', () => {
  it('is answered without a token, and nothing else is', async () => {
    const web = await openWeb();
    const { status, body } = await ask(web.port, { path: '/' });
    expect([status, body]).toEqual([200, PAGE]);
    for (const path of ['/app.js', '/app.css']) expect((await ask(web.port, { path })).status).toBe(200);
    for (const path of ['/index.html', '/favicon.ico', '/app.js.map', '/package.json', '/dist/web/app.js', '/v2', '/metrics'])
      expect([path, (await ask(web.port, { path })).status]).toEqual([path, 404]);
    for (const path of ['/../package.json', '/%2e%2e/package.json', '//app.js', '/./app.js', '/app.js/'])
      expect([path, (await ask(web.port, { path })).status]).toEqual([path, 403]);
  });

  it('carries these headers, and no cookie', async () => {
    const web = await openWeb();
    const headersOf = async (path: string) =>
      (await ask(web.port, { path })).head
        .split('\r\n')
        .slice(1)
        .filter(line => !/^(date|content-length|connection|keep-alive)/i.test(line))
        .sort()
        .join('\n');
    expect(await headersOf('/')).toMatchInlineSnapshot(`
      "cache-control: no-store
      content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
      content-type: text/html; charset=utf-8
      cross-origin-opener-policy: same-origin
      cross-origin-resource-policy: same-origin
      referrer-policy: no-referrer
      x-content-type-options: nosniff
      x-frame-options: DENY"
    `);
    expect(await headersOf('/app.js')).toMatchInlineSnapshot(`
      "cache-control: no-store
      content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
      content-type: text/javascript; charset=utf-8
      cross-origin-opener-policy: same-origin
      cross-origin-resource-policy: same-origin
      referrer-policy: no-referrer
      x-content-type-options: nosniff
      x-frame-options: DENY"
    `);
    expect(await headersOf('/v1/version')).toMatchInlineSnapshot(`
      "cache-control: no-store
      content-security-policy: default-src 'none'; frame-ancestors 'none'
      content-type: application/json; charset=utf-8
      cross-origin-resource-policy: same-origin
      referrer-policy: no-referrer
      x-content-type-options: nosniff
      x-frame-options: DENY"
    `);
  });
});

describe('links and sessions', () => {
  it('a link works once, and its session then', async () => {
    const web = await openWeb();
    const link = web.tokens.link();
    const { status, body } = await exchange(web.port, link);
    expect(status).toBe(200);
    const { token } = JSON.parse(body).data;
    expect(token).not.toBe(link);
    expect((await exchange(web.port, link)).status).toBe(401);
    expect((await exchange(web.port, token)).status).toBe(401);
    expect((await ask(web.port, { path: '/v1/version', headers: [bearer(token)] })).status).toBe(200);
    expect((await ask(web.port, { path: '/v1/version', headers: [bearer(link)] })).status).toBe(401);
  });

  it('of two that open a link at once, one gets in', async () => {
    const web = await openWeb();
    const link = web.tokens.link();
    const all = await Promise.all(Array.from({ length: 8 }, () => exchange(web.port, link)));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401, 401, 401, 401]);
  });

  it('a link is too old after 2 minutes, a session after 10 minutes without use', async () => {
    const web = await openWeb();
    const [old, link, token] = [web.tokens.link(), web.tokens.link(), web.session()];
    const looks = async () => (await ask(web.port, { path: '/v1/projects', headers: [bearer(token)] })).status;
    web.later(LINK_LIFE - 1);
    expect((await exchange(web.port, link)).status).toBe(200);
    web.later(1);
    expect((await exchange(web.port, old)).status).toBe(401);
    for (const after of [400_000, 599_000]) {
      web.later(after);
      expect(await looks()).toBe(200);
    }
    expect(web.tokens.sweep()).toBe(false);
    web.later(600_000);
    expect(await looks()).toBe(401);
    expect(web.tokens.sweep()).toBe(true);
  });

  it('the ninth session puts the first out', async () => {
    const web = await openWeb();
    const all = Array.from({ length: 9 }, () => web.session());
    expect(all.map(token => web.tokens.session(token) !== null)).toEqual([false, ...all.slice(1).map(() => true)]);
  });

  it('no token reaches the log', async () => {
    const web = await openWeb();
    const link = web.tokens.link();
    const { token } = JSON.parse((await exchange(web.port, link)).body).data;
    await ask(web.port, { path: '/v1/version', headers: [bearer(token)] });
    await ask(web.port, { path: `/v1/nothing?token=${token}`, headers: upgradeHeaders(token) });
    expect(web.logged.length).toBeGreaterThan(0);
    expect(web.logged.filter(line => line.includes(token) || line.includes(link))).toEqual([]);
  });

  it('who is at the other end is read from the table of the kernel', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 31 1 0',
      '   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 32 1 0',
    ].join('\n');
    expect([written('127.0.0.1', 8080), written('127.0.0.1', 50_000)]).toEqual(['0100007F:1F90', '0100007F:C350']);
    expect(userIn(table, '0100007F:C350', '0100007F:1F90')).toBe(1001);
    expect(userIn(table, '0100007F:C351', '0100007F:1F90')).toBe(null);
    expect([mayOpen(1000, 1000), mayOpen(0, 1000), mayOpen(null, 1000), mayOpen(1001, 1000)]).toEqual([true, true, true, false]);
  });
});

it.runIf(process.getuid?.() === 0)('another user of the machine cannot use a link that he has read', async () => {
  const web = await openWeb();
  const link = web.tokens.link();
  const request = {
    host: '127.0.0.1',
    port: web.port,
    path: '/v1/web/session',
    method: 'POST',
    headers: { authorization: `Bearer ${link}`, 'content-type': 'application/json', connection: 'close' },
  };
  const code = `process.setgid(65534);process.setuid(65534);require('node:http').request(${JSON.stringify(request)},r=>console.log(r.statusCode)).end('{}')`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
  expect(stdout.trim()).toBe('401');
  expect((await exchange(web.port, link)).status).toBe(200);
});

describe('the stream', () => {
  const open = (web: Web, token: string) => {
    const client = new WebSocket(`ws://127.0.0.1:${web.port}/v1/stream`, ['laptop-dev', token], { origin: `http://127.0.0.1:${web.port}` });
    onTestFinished(() => client.terminate());
    return client;
  };
  const first = async (client: WebSocket) => JSON.parse(String((await once(client, 'message'))[0]));

  it('begins with a snapshot, and says our protocol but not the token', async () => {
    const web = await openWeb();
    const token = web.session();
    const client = open(web, token);
    let head = '';
    client.once('upgrade', response => {
      head = JSON.stringify(response.headers);
    });
    expect(await first(client)).toMatchObject({ type: 'snapshot', seq: 1 });
    expect(client.protocol).toBe('laptop-dev');
    expect(head).not.toContain(token);
  });

  it('keeps its session alive, and ends with it', async () => {
    const web = await openWeb();
    const token = web.session();
    const client = open(web, token);
    await first(client);
    web.later(3_600_000);
    expect(web.tokens.sweep()).toBe(false);
    expect((await ask(web.port, { path: '/v1/projects', headers: [bearer(token)] })).status).toBe(200);
    for (let more = 0; more < 8; more++) web.session();
    await once(client, 'close');
    expect(web.tokens.session(token)).toBe(null);
  });

  it('is there for 8 pages', async () => {
    const web = await openWeb();
    const token = web.session();
    await Promise.all(Array.from({ length: 8 }, () => first(open(web, token))));
    const [error] = await once(open(web, token), 'error');
    expect(String(error)).toMatch(/Unexpected server response: 503/);
  });

  it('a page that talks is sent away', async () => {
    const web = await openWeb();
    const client = open(web, web.session());
    await first(client);
    client.send('x'.repeat(70_000));
    expect([1003, 1008, 1009]).toContain((await once(client, 'close'))[0]);
  });
});

describe('what a session may do', () => {
  it('look at everything, act on what the daemon knows, and nothing beyond', async () => {
    const web = await openWeb();
    const session = bearer(web.session());
    const seen: Record<string, number> = {};
    for (const { method, path } of ENDPOINTS) {
      const body = path.endsWith('/web/open') ? {} : { services: ['api'], dryRun: true };
      const request =
        method === 'get'
          ? { path: concrete(path), headers: [session] }
          : { method: 'POST', path: concrete(path), headers: [session, JSON_BODY], body: JSON.stringify(body) };
      seen[`${method} ${concrete(path)}`] = (await ask(web.port, request)).status;
    }
    const posts = Object.entries(seen).filter(([route]) => route.startsWith('post'));
    expect(
      posts
        .filter(([, status]) => status === 200)
        .map(([route]) => route)
        .sort(),
    ).toEqual(ALLOWED.map(path => `post ${path}`).sort());
    expect(posts.filter(([, status]) => status !== 200 && status !== 404)).toEqual([]);
    const blind = Object.entries(seen).filter(([route, status]) => route.startsWith('get') && status !== 200);
    expect(blind.map(([route]) => route).filter(route => !/exec$|stream$|metrics$/.test(route))).toEqual([]);
    expect(web.double.calls.map(call => [call[0], call[2]])).toEqual(ALLOWED.map(() => ['act', { dryRun: true, trust: false }]));
  });

  it('every route of the router wants a token', async () => {
    const web = await openWeb();
    await web.app.ready();
    const routes = web.app.printRoutes({ commonPrefix: false }).match(/\/\S+(?= \()/g) ?? [];
    expect(routes.length).toBeGreaterThan(5);
    const known = ENDPOINTS.map(({ path }) => concrete(path)).filter(path => path.startsWith('/v1/'));
    const paths = ['/v1', '/v1/', ...known, '/v1/nothing'];
    for (const path of sampled(paths)) {
      const without = [await ask(web.port, { path }), await ask(web.port, { method: 'POST', path, headers: [JSON_BODY], body: '{}' })];
      expect([path, ...without.map(({ status }) => status)]).toEqual([path, ...(path === '/v1/' ? [403, 403] : [401, 401])]);
    }
  });

  it('nothing changes on GET', async () => {
    const web = await openWeb();
    const session = bearer(web.session());
    for (const { path } of ENDPOINTS) await ask(web.port, { path: concrete(path), headers: [session] });
    expect(web.double.calls).toEqual([]);
  });
});

describe('opening and closing', () => {
  const opened = async (socket: string, body: object = {}): Promise<WebOpened> =>
    JSON.parse((await send(socket, 'POST', '/v1/web/open', { body: JSON.stringify(body) })).text).data;

  it('opens on 127.0.0.1, gives each caller a link of its own to one port, and closes', async () => {
    const { running, client } = await connected(fake());
    const [one, two] = await Promise.all([opened(running.socket), opened(running.socket)]);
    expect(one.port).toBe(two.port);
    expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/);
    expect(one.url).not.toBe(two.url);
    const token = one.url.split('#')[1] ?? '';
    expect((await exchange(one.port, token)).status).toBe(200);
    expect(running.logged.filter(line => line.includes(token))).toEqual([]);
    expect(await client.closeWeb()).toEqual({ closed: true });
    expect(await client.closeWeb()).toEqual({ closed: false });
    await expect(ask(one.port, {})).rejects.toThrow(/ECONNREFUSED/);
    const again = await opened(running.socket);
    expect((await exchange(again.port, two.url.split('#')[1] ?? '')).status).toBe(401);
  });

  it('takes the port that is asked for, says so when it is taken, and keeps to the one that is open', async () => {
    const { running } = await connected(fake());
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const refused = await send(running.socket, 'POST', '/v1/web/open', { body: JSON.stringify({ port }) });
    expect([refused.status, errorOf(refused).code, errorOf(refused).message]).toEqual([409, 'port-taken', `The web view cannot listen on port ${port}: another program uses it.`]); // biome-ignore format: one line
    await new Promise(resolve => other.close(resolve));
    expect((await opened(running.socket, { port })).port).toBe(port);
    expect((await opened(running.socket)).port).toBe(port);
    const second = await send(running.socket, 'POST', '/v1/web/open', { body: JSON.stringify({ port: port === 1 ? 2 : port - 1 }) });
    expect([second.status, errorOf(second).code]).toEqual([409, 'port-taken']);
  });

  it('is not there for the Unix socket, and neither is the Unix socket there', async () => {
    const { running } = await connected(fake());
    expect((await send(running.socket, 'POST', '/v1/web/session', { body: '{}' })).status).toBe(404);
    expect((await send(running.socket, 'GET', '/app.js')).status).toBe(404);
    const { port } = await opened(running.socket);
    expect((await ask(port, { noHost: true, headers: [['Host', 'laptop-dev']], path: '/v1/version' })).status).toBe(403);
  });
});

it('half-open and silent connections are dropped in time', async () => {
  const web = await openWeb(fake(), { requestTimeout: 300 });
  const answers = await Promise.all(
    ['', 'GET / HT', 'GET / HTTP/1.1\r\nHost: x\r\nX: '].map(
      text =>
        new Promise<string>(resolve => {
          let answer = '';
          const client = connect({ port: web.port, host: '127.0.0.1' }, () => client.write(text));
          client.on('data', chunk => {
            answer += chunk;
          });
          client.on('close', () => resolve(answer.slice(0, 12)));
          onTestFinished(() => void client.destroy());
        }),
    ),
  );
  expect(answers).toEqual(['HTTP/1.1 408', 'HTTP/1.1 408', 'HTTP/1.1 408']);
});
