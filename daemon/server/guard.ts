import type { IncomingHttpHeaders } from 'node:http';
import { HOST } from '../api/contract.js';
import { type Failure, failure } from '../shared/failure.js';

/** The head of a request as it came over the wire. */
export interface Head {
  readonly method: string;
  /** Request target. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, duplicates included. */
  readonly rawHeaders: readonly string[];
}

/** Hosts that our clients send; `localhost` is what curl --unix-socket sends. */
const HOSTS: ReadonlySet<string> = new Set([HOST, 'localhost']);
/** What only a browser sends. */
const BROWSER_HEADERS = ['origin', 'referer', 'sec-fetch-site', 'sec-fetch-mode'];
const PATH = /^(\/[A-Za-z0-9_.-]+)+$/;

/**
 * The door (docs/security.md): null lets the request in. Runs before routing, for upgrades too.
 * 1. A path is plain: no escapes, no empty or dotted parts; our names need none.
 * 2. One Host, one of ours.
 * 3. No sign of a browser.
 * 4. GET looks, POST changes: nothing else. What changes something is JSON and says so, and is not compressed.
 */
export function requestRefusal(head: Head): Failure | null {
  if (!isPlainPath(head.url))
    return failure('request-refused', 'The path has to be plain: letters, digits, -, _ and dots between slashes.');
  const hosts = valuesOf(head, 'host');
  if (hosts.length !== 1 || !HOSTS.has(hosts[0] ?? '')) return failure('request-refused', `The Host header has to be ${HOST}.`);
  const browser = BROWSER_HEADERS.find(name => head.headers[name] !== undefined);
  if (browser !== undefined) return failure('request-refused', `Requests with ${browser} are refused: browsers are not let in.`);
  if (head.method === 'GET') return null;
  return head.method === 'POST' ? mediaRefusal(head) : failure('not-found', 'The API has GET and POST only.');
}

/** Whether the path of a request target is short and has no escapes, no empty and no dotted parts. */
export function isPlainPath(url: string): boolean {
  const path = url.split('?', 1)[0] ?? '';
  return url.length <= 8_192 && PATH.test(path) && !path.split('/').some(part => part === '.' || part === '..');
}

/** All values of a header, as they came. `name`: lower case. */
export function valuesOf({ rawHeaders }: Head, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

export function mediaRefusal(head: Head): Failure | null {
  const json = /^application\/json(; ?charset=utf-8)?$/i.test(head.headers['content-type'] ?? '');
  if (json && head.headers['content-encoding'] === undefined) return null;
  return failure('media-type', 'A request that changes something has to be application/json, uncompressed, with a body.');
}

/** Headers of every answer: nothing of it may be rendered, framed, sniffed or kept. */
export const ANSWER_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;
