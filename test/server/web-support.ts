import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { RequestLimits } from '../../daemon/server/bare-app.js';
import { REQUEST_LIMITS } from '../../daemon/server/bare-app.js';
import { buildWebApp, EXCHANGE, WEB_LIMITS } from '../../daemon/server/web/app.js';
import { Tokens } from '../../daemon/server/web/tokens.js';
import { fake } from './harness.js';

export const PAGE = '<!doctype html><title>the page</title>';

/** The page's files as the build would put them, in a folder of their own. */
export function pageFolder(): URL {
  const folder = mkdtempSync(join(tmpdir(), 'ld-web-'));
  for (const [name, text] of [['index.html', PAGE], ['app.js', '"use strict";'], ['app.css', 'body{}']] as const) // biome-ignore format: a table
    writeFileSync(join(folder, name), text);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return pathToFileURL(`${folder}/`);
}

export interface Web {
  readonly app: FastifyInstance;
  readonly port: number;
  readonly tokens: Tokens;
  readonly double: ReturnType<typeof fake>;
  readonly logged: string[];
  /** Moves the tokens' clock on, ms. */
  later(ms: number): void;
  /** A fresh session's token. */
  session(): string;
}

/** The web view's port over a supervisor made up for the test; closed when the test has ended. */
export async function openWeb(double = fake(), limits: Partial<RequestLimits> = {}): Promise<Web> {
  let now = 0;
  const logged: string[] = [];
  const keep = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const tokens = new Tokens(() => now, 600_000);
  const context = { supervisor: double.supervisor, log };
  const app = buildWebApp(context, tokens, { ...REQUEST_LIMITS, ...WEB_LIMITS, ...limits }, pageFolder());
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const address = app.server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  return {
    app,
    port: address.port,
    tokens,
    double,
    logged,
    later: ms => {
      now += ms;
    },
    session: () => tokens.exchange(tokens.link()) ?? '',
  };
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  /** Names and values, as they are to go over the wire. `own` in a value stands for our own address. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  /** Leave the usual Host out. */
  readonly noHost?: boolean;
}

export interface Told {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** One request byte by byte, so that headers can be double, empty and wrong; resolves when the daemon has closed. */
export function ask(port: number, { method = 'GET', path = '/', headers = [], body = '', noHost = false }: Ask): Promise<Told> {
  const own = `127.0.0.1:${port}`;
  const upgrade = headers.some(([name]) => name.toLowerCase() === 'upgrade');
  const all = [
    ...(noHost ? [] : [['Host', own] as const]),
    ...headers,
    ...(upgrade ? [] : [['Connection', 'close'] as const]),
    ...(body === '' ? [] : [['Content-Length', String(Buffer.byteLength(body))] as const]),
  ];
  const text = all.map(([name, value]) => `${name}: ${value.replaceAll('OWN', own)}\r\n`).join('');
  return new Promise((resolve, reject) => {
    let answer = '';
    const client = connect({ port, host: '127.0.0.1' }, () => client.write(`${method} ${path} HTTP/1.1\r\n${text}\r\n${body}`));
    client.setEncoding('latin1');
    client.on('data', chunk => {
      answer += chunk;
      if (answer.startsWith('HTTP/1.1 101')) client.destroy();
    });
    client.on('error', reject);
    client.on('close', () => resolve(parsed(answer)));
  });
}

function parsed(answer: string): Told {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), head, body: rest.join('\r\n\r\n') };
}

export const JSON_BODY = ['Content-Type', 'application/json'] as const;

export function bearer(token: string): readonly [string, string] {
  return ['Authorization', `Bearer ${token}`];
}

export function upgradeHeaders(token: string | null): readonly (readonly [string, string])[] {
  return [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ...(token === null ? [] : [['Sec-WebSocket-Protocol', `laptop-dev, ${token}`] as const]),
  ];
}

export function exchange(port: number, token: string): Promise<Told> {
  return ask(port, { method: 'POST', path: EXCHANGE, headers: [JSON_BODY, bearer(token)], body: '{}' });
}
