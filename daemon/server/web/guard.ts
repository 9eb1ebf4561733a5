import { type Failure, failure } from '../../shared/failure.js';
import { type Head, isPlainPath, mediaRefusal, valuesOf } from '../guard.js';

/** A request has each of these at most once: of two, Node and other programs take different ones. */
const SINGLE = ['origin', 'referer', 'sec-fetch-site', 'authorization', 'content-type', 'content-length', 'sec-websocket-protocol'];

/**
 * The check of every request to the TCP port, before its token (docs/security.md); null: the token is checked next. Runs before routing,
 * for upgrades too. `port`: ours.
 * 1. The path is plain, or `/`.
 * 2. There is one Host header: 127.0.0.1 with our port. Not localhost, which another program may hold on ::1, and which is another origin.
 * 3. No header that is checked occurs twice.
 * 4. Origin and Referer are absent or ours; Sec-Fetch-Site, if present, is same-origin or, for the page itself, none (the user typed the address).
 * 5. GET reads and POST changes; there is no other method.
 */
export function webRefusal(head: Head, port: number): Failure | null {
  const path = pathOf(head);
  if (path !== '/' && !isPlainPath(head.url)) return refused('The path must be plain: letters, digits, -, _ and dots between slashes.');
  const own = `127.0.0.1:${port}`;
  const hosts = valuesOf(head, 'host');
  if (hosts.length !== 1 || hosts[0] !== own) return refused(`The Host header must be ${own}.`);
  const twice = SINGLE.find(name => valuesOf(head, name).length > 1);
  if (twice !== undefined) return refused(`There is more than one ${twice} header.`);
  const { origin, referer } = head.headers;
  if (origin !== undefined && origin !== `http://${own}`) return refused('The Origin is not the web view.');
  if (referer !== undefined && !referer.startsWith(`http://${own}/`)) return refused('The Referer is not the web view.');
  const site = head.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && !(site === 'none' && !isApi(path)))
    return refused('The request comes from another site.');
  return head.method === 'GET' || head.method === 'POST' ? null : failure('not-found', 'The API has GET and POST only.');
}

/** Checked after the token: the body of a POST is JSON. */
export function webMediaRefusal(head: Head): Failure | null {
  return head.method === 'POST' ? mediaRefusal(head) : null;
}

/** Whether the path needs a token. */
export function isApi(path: string): boolean {
  return path === '/v1' || path.startsWith('/v1/');
}

export function pathOf(head: Head): string {
  return head.url.split('?', 1)[0] ?? '';
}

/** The token of a request. */
export function bearerOf(head: Pick<Head, 'headers'>): string {
  return /^Bearer ([\w-]+)$/.exec(head.headers.authorization ?? '')?.[1] ?? '';
}

/** The token of an upgrade, after our protocol's name: a browser's WebSocket can set no other header. ws answers with the first of the two. */
export function protocolTokenOf(head: Pick<Head, 'headers'>): string {
  return /^laptop-dev, ?([\w-]+)$/.exec(head.headers['sec-websocket-protocol'] ?? '')?.[1] ?? '';
}

export function unauthorized(): Failure {
  return failure('unauthorized', 'There is no session with this token.');
}

function refused(message: string): Failure {
  return failure('request-refused', message, {}, ['laptop-dev dashboard --web prints the link to the web view; no other page may use it.']);
}
