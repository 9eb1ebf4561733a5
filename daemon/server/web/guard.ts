import { type Failure, failure } from '../../shared/failure.js';
import { type Head, isPlainPath, mediaRefusal, valuesOf } from '../guard.js';

/** Of these a request has one at most: Node and other readers take different ones of two. */
const SINGLE = ['origin', 'referer', 'sec-fetch-site', 'authorization', 'content-type', 'content-length', 'sec-websocket-protocol'];

/**
 * The door of the TCP port, before any token is looked at (docs/security.md): null lets the request go on to that. Runs before routing,
 * for upgrades too. `port`: ours.
 * 1. A path is plain; `/` is one.
 * 2. One Host: 127.0.0.1 with our port. Not localhost, which another program may hold on ::1, and which is another origin.
 * 3. Nothing that counts is there twice.
 * 4. Origin is absent or ours, Referer too; the browser, if it says anything, calls it our own page's or, for the page itself, the user's.
 * 5. GET looks, POST changes: nothing else.
 */
export function webRefusal(head: Head, port: number): Failure | null {
  const path = pathOf(head);
  if (path !== '/' && !isPlainPath(head.url)) return refused('The path has to be plain: letters, digits, -, _ and dots between slashes.');
  const own = `127.0.0.1:${port}`;
  const hosts = valuesOf(head, 'host');
  if (hosts.length !== 1 || hosts[0] !== own) return refused(`The Host header has to be ${own}.`);
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

/** After the token was found good: what changes something is JSON. */
export function webMediaRefusal(head: Head): Failure | null {
  return head.method === 'POST' ? mediaRefusal(head) : null;
}

/** Everything that asks for a token. */
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

/** The token of an upgrade, after our protocol's name: a browser's WebSocket can say nothing else. ws answers with the first of the two. */
export function protocolTokenOf(head: Pick<Head, 'headers'>): string {
  return /^laptop-dev, ?([\w-]+)$/.exec(head.headers['sec-websocket-protocol'] ?? '')?.[1] ?? '';
}

export function unauthorized(): Failure {
  return failure('unauthorized', 'There is no session with this token.');
}

function refused(message: string): Failure {
  return failure('request-refused', message, {}, ['laptop-dev dashboard --web prints the link to the web view; no other page may use it.']);
}
