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
/** Headers that only browsers send. */
const BROWSER_HEADERS = ['origin', 'referer', 'sec-fetch-site', 'sec-fetch-mode'];
const PATH = /^(\/[A-Za-z0-9_.-]+)+$/;

/**
 * The check of every request (docs/security.md); null: the request is admitted. Runs before routing, for upgrades too.
 * 1. The path is plain: no escapes, no empty or dotted parts; our names need none.
 * 2. There is one Host header, with one of our names.
 * 3. No header comes from a browser.
 * 4. GET reads and POST changes; there is no other method. A body is JSON, declared as such and not compressed.
 */
export function requestRefusal(head: Head): Failure | null {
  if (!isPlainPath(head.url)) return failure('request-refused', 'The path must be plain: letters, digits, -, _ and dots between slashes.');
  const hosts = valuesOf(head, 'host');
  if (hosts.length !== 1 || !HOSTS.has(hosts[0] ?? '')) return failure('request-refused', `The Host header must be ${HOST}.`);
  const browser = BROWSER_HEADERS.find(name => head.headers[name] !== undefined);
  if (browser !== undefined) return failure('request-refused', `Requests with ${browser} are refused: browsers have no access.`);
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
  return failure('media-type', 'A POST request must be application/json, uncompressed, with a body.');
}

/** Headers of every answer: a browser must not render, frame, sniff or cache it. */
export const ANSWER_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;
