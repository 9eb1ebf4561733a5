import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import { type ExecEnd, type ExecStart, FRAME, HOST } from '../api/contract.js';
import { type Failure, FailureError, failure } from '../shared/failure.js';
import { parseFailure } from '../shared/parse-failure.js';
import { dataOf, refuseForeign } from './transport.js';

/** Largest frame that the daemon takes, less the byte that names the stream. */
const CHUNK = 64 * 1024 - 1;

/** A command that runs in a container. */
export interface ExecChannel {
  write(data: Uint8Array): void;
  /** End of input. */
  end(): void;
  resize(columns: number, rows: number): void;
  /** Hangs up. */
  close(): void;
  /** Exit code; rejects with FailureError when the command could not run or the daemon went away. */
  readonly exit: Promise<number>;
  onOutput(listener: (stream: 'stdout' | 'stderr', data: Uint8Array) => void): void;
}

/** Resolves when the daemon has taken the session; what to run has been said by then. */
export function openExec(socketPath: string, path: string, start: ExecStart['start']): Promise<ExecChannel> {
  refuseForeign(socketPath);
  // Zeros: masks are for proxies, of which a Unix socket has none; to take them off cost the daemon 25 ms of CPU time a MiB.
  const generateMask = (mask: Buffer) => void mask.fill(0);
  const options = { headers: { host: HOST }, perMessageDeflate: false, generateMask };
  const client = new WebSocket(`ws+unix://${socketPath}:${path}`, options);
  return new Promise((resolve, reject) => {
    client.once('unexpected-response', (_request, response: IncomingMessage) => {
      dataOf(response).then(() => reject(new Error('the daemon answered without a session')), reject);
    });
    client.once('error', error => reject(unavailable(`The daemon cannot be reached: ${error.message}.`)));
    client.once('open', () => {
      client.send(JSON.stringify({ start } satisfies ExecStart));
      resolve(channel(client));
    });
  });
}

function channel(client: WebSocket): ExecChannel {
  let listener: (stream: 'stdout' | 'stderr', data: Uint8Array) => void = () => undefined;
  const exit = new Promise<number>((resolve, reject) => {
    client.on('message', (data: RawData, binary: boolean) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
      if (binary) return listener(bytes[0] === FRAME.stderr ? 'stderr' : 'stdout', bytes.subarray(1));
      const end: ExecEnd = JSON.parse(bytes.toString('utf8'));
      if ('exit' in end) resolve(end.exit);
      else reject(new FailureError(parseFailure(end.error)));
    });
    client.once('close', () => reject(unavailable('The daemon ended the session.')));
    client.on('error', error => reject(unavailable(`The session broke: ${error.message}.`)));
  });
  exit.catch(() => undefined);
  const say = (value: object) => client.readyState === client.OPEN && client.send(JSON.stringify(value));
  return {
    exit,
    onOutput: next => {
      listener = next;
    },
    write: data => {
      for (let at = 0; at < data.length; at += CHUNK)
        client.send(Buffer.concat([Uint8Array.of(FRAME.stdin), data.subarray(at, at + CHUNK)]));
    },
    end: () => void say({ eof: true }),
    resize: (columns, rows) => void say({ resize: { columns, rows } }),
    close: () => client.terminate(),
  };
}

function unavailable(message: string): FailureError {
  const value: Failure = failure('daemon-unavailable', message);
  return new FailureError(value);
}
