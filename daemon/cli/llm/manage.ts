import type { ServiceView } from '../../api/views.js';
import type { ExecChannel } from '../../client/exec.js';
import { FailureError, failure } from '../../shared/failure.js';
import { type Cli, remark } from '../cli.js';
import { type FailedLine, transferFailureOf } from './failures.js';

/**
 * Bytes on their way that are not written yet: nothing between here and the volume holds them back. The receiver acknowledges every 128 KiB (input.ts
 * of the service's program): with less than that here it would be waited for for ever. With 4 MiB the daemon stayed 26 MB larger, and it was no faster.
 */
const WINDOW = 256 * 1024;

/** What the receiver already has; see manage.ts of the service. */
export interface ReadyLine {
  readonly kind: 'ready';
  readonly there: { readonly bytes: number; readonly sha256: string | null } | null;
  readonly part: { readonly bytes: number; readonly of: string; readonly sha256: string } | null;
}
type Line =
  | ReadyLine
  | { readonly kind: 'checked' | 'ack'; readonly bytes: number }
  | { readonly kind: 'done'; readonly data: unknown }
  | FailedLine;

/** The service's own program for its models, in a one-off container. */
export class Manage {
  /** The result. Rejects with FailureError. */
  readonly done: Promise<unknown>;
  readonly ready: Promise<ReadyLine>;
  onChecked: (bytes: number) => void = () => undefined;
  onAck: (bytes: number) => void = () => undefined;
  #sent = 0;
  #acked = 0;
  #onRoom: () => void = () => undefined;
  #onReady: (line: ReadyLine) => void = () => undefined;

  constructor(private readonly channel: ExecChannel) {
    this.ready = new Promise(resolve => {
      this.#onReady = resolve;
    });
    this.done = new Promise((resolve, reject) => this.#listen(resolve, reject));
    this.done.catch(() => undefined);
  }

  /** Positions of `send` and of acknowledgements count from here. */
  begin(from: number): void {
    this.#sent = from;
    this.#acked = from;
    this.say({ from });
  }

  say(value: object): void {
    this.channel.write(Buffer.from(`${JSON.stringify(value)}\n`));
  }

  /** Resolves when more may be sent, or when the program has ended; see `done`. */
  async send(data: Uint8Array): Promise<void> {
    this.channel.write(data);
    this.#sent += data.length;
    const over = this.done.then(
      () => true,
      () => true,
    );
    while (this.#sent - this.#acked > WINDOW) {
      const room = new Promise<boolean>(resolve => {
        this.#onRoom = () => resolve(false);
      });
      if (await Promise.race([room, over])) return;
    }
  }

  end(): void {
    this.channel.end();
  }

  close(): void {
    this.channel.close();
  }

  #listen(resolve: (data: unknown) => void, reject: (error: Error) => void): void {
    let rest = '';
    let words = '';
    const decoder = new TextDecoder();
    this.channel.onOutput((stream, data) => {
      if (stream === 'stderr') {
        words = (words + Buffer.from(data).toString('utf8')).slice(-4096);
        return;
      }
      const lines = (rest + decoder.decode(data, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(JSON.parse(line), resolve, reject);
    });
    this.channel.exit.then(
      code => reject(new FailureError(diedWith(code, words))),
      error => reject(error instanceof FailureError && isNoAdvisor(error) ? new FailureError(noAdvisor(error)) : error),
    );
  }

  #take(line: Line, resolve: (data: unknown) => void, reject: (error: Error) => void): void {
    if (line.kind === 'done') resolve(line.data);
    else if (line.kind === 'failed') reject(new FailureError(transferFailureOf(line)));
    else if (line.kind === 'ready') this.#onReady(line);
    else if (line.kind === 'checked') this.onChecked(line.bytes);
    else {
      this.#acked = line.bytes;
      this.#onRoom();
      this.onAck(line.bytes);
    }
  }
}

/** Runs the program in a one-off container; ctrl-C ends it. A missing image is built first, with remarks. */
export async function openManage(cli: Cli, { project, name, memory }: ServiceView, args: readonly string[]): Promise<Manage> {
  const channel = await cli.client.exec(project, name, {
    command: ['node', 'dist/manage.js', ...args],
    tty: false,
    beside: true,
    environment: { MEMORY_MAXIMUM: String(memory.maximum) },
  });
  const manage = new Manage(channel);
  const quit = new AbortController();
  void followImage(cli, project, name, quit.signal);
  const hangUp = () => manage.close();
  cli.cancelled.addEventListener('abort', hangUp);
  const over = () => {
    quit.abort();
    cli.cancelled.removeEventListener('abort', hangUp);
  };
  manage.done.then(over, over);
  return manage;
}

/** Runs a verb of the program to its end. */
export async function askManage<T>(cli: Cli, service: ServiceView, args: readonly string[]): Promise<T> {
  const manage = await openManage(cli, service, args);
  try {
    return (await manage.done) as T;
  } catch (error) {
    if (cli.cancelled.aborted) throw new FailureError(failure('cancelled', 'Stopped.'));
    throw error;
  } finally {
    manage.close();
  }
}

async function followImage(cli: Cli, project: string, service: string, signal: AbortSignal): Promise<void> {
  const since = Date.now();
  try {
    for await (const notice of cli.client.notices({ project, follow: true, signal })) {
      if (notice.kind === 'image' && notice.service === service && notice.at >= since) remark(cli, `${service}: ${notice.text}`);
    }
  } catch {
    // Only for information.
  }
}

function diedWith(code: number, words: string) {
  const why = code === 137 ? 'was killed, probably at its limit of 256 MB' : `ended with exit code ${code}`;
  const lastLines = words.trim().split('\n').slice(-5);
  return failure('exited', `The program for models ${why}.`, { exitCode: code, lastLines }, [
    'laptop-dev bug-report collects what a report needs.',
  ]);
}

function isNoAdvisor({ failure: { code, details } }: FailureError): boolean {
  return code === 'engine-error' && details.program === 'missing';
}

function noAdvisor({ failure: { message } }: FailureError) {
  return failure('not-found', `The image of this service has no program for models. ${message}`, {}, [
    'Another engine than the built-in one manages its models itself: docs/llm.md.',
  ]);
}
