import { rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { quantile, table } from './figures.js';

/** One request that passed; times of performance.now(). */
export interface Call {
  /** As "POST create", without ids and queries. */
  readonly what: string;
  /** Of the container; empty where there is none. */
  readonly id: string;
  readonly sent: number;
  /** Last byte of the answer so far. */
  answered: number;
}

/** A start and the requests to the engine that it made. */
export interface Timed {
  readonly ms: number;
  readonly begin: number;
  readonly calls: readonly Call[];
}

/**
 * A Unix socket in front of the engine that passes bytes on and notes when each request went out and when its answer ended: what of a
 * start is the engine's own time is seen in the very start that is measured, however busy the machine is.
 */
export class Recorder {
  /** In the order in which they went out. */
  readonly calls: Call[] = [];
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  constructor(engine: string, path: string) {
    this.#server = createServer(client => this.#splice(client, createConnection(engine)));
    rmSync(path, { force: true });
    this.#server.listen(path);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #splice(client: Socket, engine: Socket): void {
    let call: Call | null = null;
    client.on('data', chunk => {
      const [, method, url] = /^(GET|POST|PUT|DELETE) (\S+) HTTP/.exec(chunk.toString('latin1', 0, 300)) ?? [];
      if (method !== undefined && url !== undefined) {
        call = {
          id: /containers\/([0-9a-f]{12,})/.exec(url)?.[1] ?? '',
          what: `${method} ${kindOf(url)}`,
          sent: performance.now(),
          answered: Number.NaN,
        };
        this.calls.push(call);
      }
      engine.write(chunk);
    });
    engine.on('data', chunk => {
      if (call) call.answered = performance.now();
      client.write(chunk);
    });
    // The output of an exec has no length: it ends with its connection.
    engine.on('end', () => {
      if (call) call.answered = performance.now();
    });
    for (const [one, other] of [[client, engine] as const, [engine, client] as const]) {
      this.#open.add(one);
      one.on('end', () => other.end());
      one.on('error', () => other.destroy());
      one.on('close', () => this.#open.delete(one));
    }
  }
}

/** /v1.41/containers/ID/start → containers start */
function kindOf(url: string): string {
  const parts = url
    .replace(/\?.*/, '')
    .split('/')
    .filter(part => part !== '' && !/^v\d/.test(part));
  return parts
    .filter((part, index) => index === 0 || /^(create|start|json|exec|stop|kill|pause|unpause|update|images|networks)$/.test(part))
    .join(' ');
}

/** For each request of a start, medians and p95 over all starts that made the usual ones: our time before it went out, and how long it took. */
export function profileOf(starts: readonly Timed[]): string {
  const usual = starts[0]?.calls.map(call => call.what) ?? [];
  const same = starts.filter(({ calls }) => calls.map(call => call.what).join() === usual.join());
  const gap = ({ calls, begin, ms }: Timed, index: number): number =>
    (calls[index]?.sent ?? begin + ms) - (index === 0 ? begin : (calls[index - 1]?.answered ?? begin));
  const both = (of: (start: Timed) => number): number[] => [quantile(same.map(of), 0.5), quantile(same.map(of), 0.95)];
  const rows = usual.map((what, index) => {
    const took = ({ calls }: Timed): number => (calls[index]?.answered ?? 0) - (calls[index]?.sent ?? 0);
    return [what, ...both(start => gap(start, index)), ...both(took)];
  });
  const last = ['ready', ...both(start => gap(start, usual.length)), '', ''];
  const head = ['', 'ours before p50', 'p95', 'request p50', 'p95'];
  return `requests of ${same.length} of ${starts.length} starts\n${table(head, [...rows, last])}`;
}
