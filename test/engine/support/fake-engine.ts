import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeEngine {
  readonly endpoint: string;
  readonly socketPath: string;
  /** `METHOD /path` of each request, in order, without the API version. */
  readonly calls: string[];
  /** Resolves when `call` has come in, at once when it has already. */
  arrived(call: string): Promise<void>;
  close(): Promise<void>;
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export const json =
  (status: number, body: unknown): Answer =>
  response => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
/** Never answers. */
export const stuck: Answer = () => {};

const BASICS: Record<string, Answer> = {
  'GET /version': json(200, { Version: '20.10', ApiVersion: '1.41', MinAPIVersion: '1.12', Components: [{ Name: 'Engine' }] }),
  'GET /info': json(200, { CgroupVersion: '1', MemTotal: 1, NCPU: 2 }),
  'GET /_ping': response => {
    response.writeHead(200, { 'api-version': '1.41', server: 'Docker/20.10' });
    response.end('OK');
  },
};

/** An engine on a Unix socket that answers as told, `METHOD /path` by `METHOD /path`; 404 for the rest. */
export async function fakeEngine(answers: Record<string, Answer> = {}): Promise<FakeEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'fake-engine-'));
  const socketPath = join(folder, 'engine.sock');
  const calls: string[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const call = `${request.method} ${(request.url ?? '').replace(/^\/v\d+\.\d+(?=\/)/, '').replace(/\?.*$/, '')}`;
    calls.push(call);
    for (const look of [...waiting]) look();
    const answer = answers[call] ?? BASICS[call] ?? json(404, { message: `No such thing: ${call}` });
    answer(response, request);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    endpoint: `unix://${socketPath}`,
    socketPath,
    calls,
    arrived: call =>
      new Promise(resolve => {
        const look = (): void => {
          if (!calls.includes(call)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
