import type { RawData, WebSocket } from 'ws';
import { type ExecEnd, FRAME } from '../api/contract.js';
import type { ServiceId } from '../model/spec.js';
import type { ExecOptions, ExecSession } from '../ports/ports.js';
import { FailureError, failure } from '../shared/failure.js';
import { requestFailure } from './answer.js';
import type { RouteContext } from './context.js';
import { type Control, readControl } from './exec-frames.js';

/** A client has to send the command within this time, ms. */
const START_WITHIN = 10_000;
/** Largest output frame, bytes. */
const CHUNK = 32 * 1024;

/**
 * One exec session. The first text frame has the command; after that binary frames carry stdin, stdout and stderr, text
 * frames resize and end of input; the last text frame has the exit code or the failure. Output waits for the client: a
 * frame is sent when the one before has left. The command gets SIGHUP when the client disconnects.
 */
export async function runSession(client: WebSocket, id: ServiceId, context: RouteContext): Promise<void> {
  let session: ExecSession | null = null;
  client.on('error', () => client.terminate());
  try {
    const inbox = receive(client);
    const start = await inbox.first;
    session = await context.supervisor.exec(id, start.options);
    if (client.readyState !== client.OPEN) return;
    const { columns, rows } = start;
    if (columns !== null && rows !== null) await session.resize(columns, rows);
    inbox.connect(session, error => finish(client, { error: requestFailure(error, context.log) }));
    for await (const { stream, data } of session.output) {
      if (!(await sendOutput(client, stream, data))) return;
    }
    finish(client, { exit: await session.exitCode() });
  } catch (error) {
    finish(client, { error: requestFailure(error, context.log) });
  } finally {
    session?.close();
  }
}

interface Inbox {
  readonly first: Promise<Start>;
  /** Hands what came, and what comes, to the session; closes it when the client disconnects. */
  connect(session: ExecSession, onError: (error: unknown) => void): void;
}
interface Start {
  readonly options: ExecOptions;
  readonly columns: number | null;
  readonly rows: number | null;
}

/** Frames before the session exists are kept: the client may send its input at once. At most 64 of them. */
function receive(client: WebSocket): Inbox {
  let handle: ((frame: Frame) => void) | null = null;
  const early: Frame[] = [];
  const first = new Promise<Start>((resolve, reject) => {
    const late = setTimeout(() => reject(usage('The session was given no command in time.')), START_WITHIN);
    client.once('close', () => reject(usage('The client disconnected.')));
    client.once('message', (data: RawData, binary: boolean) => {
      clearTimeout(late);
      const control = binary ? null : readControl(String(data));
      if (control?.kind === 'start') resolve(control);
      else reject(usage('The first frame of a session must be {"start":{"command":[…],"tty":…}}.'));
      client.on('message', (next: RawData, isBinary: boolean) => {
        const frame = { data: bytesOf(next), binary: isBinary };
        if (handle) handle(frame);
        else if (early.push(frame) > 64) client.terminate();
      });
    });
  });
  first.catch(() => undefined);
  return {
    first,
    connect(session, onError) {
      handle = frame => deliver(frame, session).catch(onError);
      for (const frame of early.splice(0)) handle(frame);
      client.once('close', () => session.close());
    },
  };
}

interface Frame {
  readonly data: Uint8Array;
  readonly binary: boolean;
}

async function deliver(frame: Frame, session: ExecSession): Promise<void> {
  if (frame.binary) {
    if (frame.data[0] === FRAME.stdin) session.write(frame.data.subarray(1));
    else throw usage('A binary frame from the client must begin with 0 (stdin).');
    return;
  }
  const control: Control | null = readControl(Buffer.from(frame.data).toString('utf8'));
  if (control?.kind === 'resize') await session.resize(control.columns, control.rows);
  else if (control?.kind === 'eof') session.end();
  else throw usage('A text frame must be {"resize":…} or {"eof":true}.');
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** Resolves when the frames have been sent; false when the client is gone. */
async function sendOutput(client: WebSocket, stream: 'stdout' | 'stderr', data: Uint8Array): Promise<boolean> {
  for (let at = 0; at < data.length; at += CHUNK) {
    const part = data.subarray(at, at + CHUNK);
    const frame = Buffer.concat([Uint8Array.of(FRAME[stream]), part]);
    const sent = await new Promise<boolean>(resolve => client.send(frame, error => resolve(!error)));
    if (!sent) return false;
  }
  return true;
}

function finish(client: WebSocket, end: ExecEnd): void {
  if (client.readyState !== client.OPEN) return;
  client.send(JSON.stringify(end));
  client.close(1000);
}

function usage(message: string): FailureError {
  return new FailureError(failure('usage', message));
}
