import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { ENDPOINTS } from '../../daemon/server/schema/endpoints.js';
import { EXCHANGE } from '../../daemon/server/web/app.js';
import { sampled } from '../support/deep.js';
import { type Ask, ask, bearer, JSON_BODY, openWeb, upgradeHeaders, type Web } from './web-support.js';

type Header = readonly [string, string];
interface Attempt extends Ask {
  /** The one right answer. */
  readonly status: number;
}

const ROUTES = [
  ...ENDPOINTS.filter(({ path }) => path.startsWith('/v1/')).map(({ method, path }) => ({
    method: method.toUpperCase(),
    path: path.replace('{project}', 'shop').replace('{service}', 'api'),
  })),
  { method: 'POST', path: EXCHANGE },
  { method: 'GET', path: '/v1/stream' },
];
/** What a page of somebody else can make a browser send as Host by its name (rebinding), and other spellings of this machine. */
const HOSTS = (port: number) => [
  '', 'evil.example', `evil.example:${port}`, '127.0.0.1', '127.0.0.1:80', `127.0.0.1:${port + 1}`, `127.0.0.1:${port}.`, `127.0.0.1.:${port}`, `127.0.0.1:0${port}`,
  `127.0.0.1:${port} x`, `localhost:${port}`, `LOCALHOST:${port}`, `localhost.:${port}`, `[::1]:${port}`, `[::ffff:127.0.0.1]:${port}`, `0.0.0.0:${port}`, `127.1:${port}`,
  `127.0.1:${port}`, `2130706433:${port}`, `0x7f000001:${port}`, `0x7f.0.0.1:${port}`, `0177.0.0.1:${port}`, `127.000.000.001:${port}`, `127.0.0.2:${port}`, 'laptop-dev',
  `laptop-dev:${port}`, `127.0.0.1:${port}@evil.example`, `user@127.0.0.1:${port}`, `127.0.0.1:${port}/`, `127.0.0.1:${port},evil.example`, `127.0.0.1.nip.io:${port}`, `rebind.evil.example:${port}`,
]; // biome-ignore format: a table
const ORIGINS = (port: number) => [
  '', 'null', 'http://evil.example', 'https://evil.example', `http://evil.example:${port}`, 'http://127.0.0.1', `https://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`, `http://localhost:${port}`,
  `http://[::1]:${port}`, `HTTP://127.0.0.1:${port}`, `http://127.0.0.1:${port}/`, `http://127.0.0.1:${port}.evil.example`, `http://127.0.0.1.evil.example:${port}`, `http://127.0.0.1.:${port}`,
  `http://evil.example/127.0.0.1:${port}`, `http://user@127.0.0.1:${port}`, `ws://127.0.0.1:${port}`, `http://192.168.1.10:${port}`, `http://172.17.0.1:${port}`, 'file://', 'chrome-extension://abcdefgh',
  `http://127.0.0.1:${port}, http://evil.example`, `http://127.0.0.1:${port}#`, '*',
]; // biome-ignore format: a table
const SITES: readonly Header[] = [
  ['Sec-Fetch-Site', 'cross-site'], ['Sec-Fetch-Site', 'same-site'], ['Sec-Fetch-Site', 'none'], ['Sec-Fetch-Site', 'Same-Origin'], ['Sec-Fetch-Site', ''],
  ['Referer', 'http://evil.example/'], ['Referer', 'http://127.0.0.1/'], ['Referer', ''], ['Referer', 'http://OWN.evil.example/'],
]; // biome-ignore format: a table
const TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'text/json', 'application/json; charset=utf-16', 'APPLICATION/JSON-', '*/*', '']; // biome-ignore format: a table
const SECOND: readonly Header[] = [
  ['Host', 'OWN'], ['Host', 'evil.example'], ['Origin', 'http://OWN'], ['Sec-Fetch-Site', 'same-origin'], ['Authorization', 'Bearer x'], ['Content-Type', 'application/json'],
]; // biome-ignore format: a table

/** Tokens that are none: of a link that was used, of one that is too old, of a link instead of a session, cut, longer, changed, and none at all. */
function badTokens(web: Web, good: string): readonly (Header | null)[] {
  const used = web.tokens.link();
  web.tokens.exchange(used);
  const unused = web.tokens.link();
  const flipped = `${good[0] === 'A' ? 'B' : 'A'}${good.slice(1)}`;
  const cases = good.replace(/[a-zA-Z]/, letter => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));
  const texts = [
    used,
    unused,
    good.slice(0, -1),
    good.slice(1),
    `${good}A`,
    `${good} `.repeat(2).trim(),
    flipped,
    cases,
    randomBytes(32).toString('base64url'),
    '',
    'null',
    '*',
    '../token',
  ];
  return [
    null,
    ...texts.map(text => bearer(text)),
    ['Authorization', good],
    ['Authorization', `Basic ${good}`],
    ['Authorization', `bearer ${good}`],
    ['Authorization', `Bearer  ${good}`],
    ['Authorization', `Bearer ${good},`],
    ['Cookie', `token=${good}`],
    ['X-Token', good],
  ];
}

function attempts(web: Web): Attempt[] {
  const good = web.session();
  const bad = badTokens(web, good);
  const found: Attempt[] = [];
  const body = (method: string) => (method === 'POST' ? { body: '{}' } : {});
  const session = bearer(good);
  for (const { method, path } of ROUTES) {
    const base = { method, path, ...body(method) };
    // With a good token, as if it had leaked: the page that it leaked to gets nothing all the same.
    for (const host of HOSTS(web.port)) found.push({ ...base, noHost: true, headers: [['Host', host], session, JSON_BODY], status: 403 });
    for (const origin of ORIGINS(web.port)) found.push({ ...base, headers: [['Origin', origin], session, JSON_BODY], status: 403 });
    for (const sign of SITES) found.push({ ...base, headers: [sign, session, JSON_BODY], status: 403 });
    // And our own page without a token.
    for (const token of bad)
      found.push({
        ...base,
        headers: [['Origin', 'http://OWN'], JSON_BODY, ...(token ? [token] : [])],
        status: path === EXCHANGE && isUnspent(web, token) ? 200 : 401,
      });
    if (path === EXCHANGE) continue;
    if (method === 'POST') for (const type of TYPES) found.push({ ...base, headers: [session, ['Content-Type', type]], status: 415 });
    for (const other of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'])
      found.push({ ...base, method: other, headers: [session, JSON_BODY], status: 404 });
    for (const second of SECOND)
      found.push({
        ...base,
        headers: [session, JSON_BODY, ['Origin', 'http://OWN'], ['Sec-Fetch-Site', 'same-origin'], second],
        status: 403,
      });
  }
  return found;
}

/** The exchange takes exactly this one: it is no attempt. */
function isUnspent(web: Web, token: Header | null): boolean {
  return token !== null && web.tokens.isLink(token[1].replace(/^Bearer /, ''));
}

function socketAttempts(web: Web): Attempt[] {
  const good = web.session();
  const found: Attempt[] = [];
  for (const path of ['/v1/stream', '/v1/projects/shop/services/api/exec']) {
    for (const host of HOSTS(web.port)) found.push({ path, noHost: true, headers: [['Host', host], ...upgradeHeaders(good)], status: 403 });
    for (const origin of ORIGINS(web.port)) found.push({ path, headers: [['Origin', origin], ...upgradeHeaders(good)], status: 403 });
    for (const sign of SITES) found.push({ path, headers: [sign, ...upgradeHeaders(good)], status: 403 });
    for (const token of badTokens(web, good)) {
      const text = token?.[1].replace(/^Bearer /, '') ?? null;
      if (token?.[0] === 'Authorization' && !token[1].startsWith('Bearer ')) continue;
      if (token !== null && token[0] !== 'Authorization') continue;
      found.push({ path, headers: [['Origin', 'http://OWN'], ...upgradeHeaders(text)], status: 401 });
    }
    // A session's token where a browser could not put it, and protocols that are not ours.
    found.push({ path, headers: [['Origin', 'http://OWN'], ...upgradeHeaders(null), bearer(good)], status: 401 });
    for (const protocol of [
      good,
      'laptop-dev',
      `laptop-dev,laptop-dev`,
      `${good}, laptop-dev`,
      `other, ${good}`,
      `laptop-dev, x, ${good}`,
      `laptop-dev, ${good}, x`,
    ])
      found.push({ path, headers: [['Origin', 'http://OWN'], ...upgradeHeaders(null), ['Sec-WebSocket-Protocol', protocol]], status: 401 });
    found.push({ path, headers: [...upgradeHeaders(good), ['Sec-WebSocket-Protocol', `laptop-dev, ${good}`]], status: 403 });
  }
  for (const path of ['/v1/projects/shop/services/api/exec', '/v1/notices', '/v1/version', '/v1/stream/x'])
    found.push({ path, headers: [['Origin', 'http://OWN'], ...upgradeHeaders(good)], status: 404 });
  return found;
}

/** How many, and those that were not answered as they should have been. */
async function make(web: Web, all: readonly Attempt[]): Promise<string[]> {
  const wrong: string[] = [];
  const queue = [...all];
  const worker = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const { status, head } = await ask(web.port, next);
      // Node itself answers what is no HTTP (a Host that is missing or double) with 400.
      const right = status === next.status || (next.status === 403 && status === 400);
      if (!right || /access-control|set-cookie/i.test(head))
        wrong.push(`${next.method} ${next.path} ${JSON.stringify(next.headers)}: ${status}, not ${next.status}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return wrong;
}

it('lets in none of 2,000 and more attempts over HTTP, and nothing is asked of the supervisor', async () => {
  const web = await openWeb();
  const all = attempts(web).filter(({ status }) => status !== 200);
  expect(await make(web, sampled(all, 25))).toEqual([]);
  expect(all.length).toBeGreaterThanOrEqual(2_000);
  expect(web.double.calls).toEqual([]);
}, 60_000);

it('lets in none of 150 and more attempts over WebSocket', async () => {
  const web = await openWeb();
  const all = socketAttempts(web);
  expect(await make(web, sampled(all))).toEqual([]);
  expect(all.length).toBeGreaterThanOrEqual(150);
}, 60_000);
