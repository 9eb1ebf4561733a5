import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { WebOpened } from '../../api/contract.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { RouteContext } from '../context.js';
import { buildWebApp, WEB_LIMITS } from './app.js';
import { LINK_LIFE, Tokens } from './tokens.js';

/** The only address that the web view ever listens on. */
const ADDRESS = '127.0.0.1';
const USUAL_IDLE: Ms = 10 * 60_000;

interface Open {
  readonly app: FastifyInstance;
  readonly tokens: Tokens;
  readonly port: number;
  readonly sweep: NodeJS.Timeout;
}

/**
 * The web view's port. Closed until a client opens it; closes by itself when its last session has ended. Requests are handled one after the
 * other: two clients that open it at once get links to the same port.
 */
export class WebServer {
  readonly #context: RouteContext;
  #open: Open | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: RouteContext) {
    this.#context = context;
  }

  /** A link to the view. `port`: null for a free one. Fails with port-taken. */
  open(port: number | null): Promise<WebOpened> {
    return this.#next(async () => {
      this.#open ??= await this.#listen(port);
      const { tokens, port: at } = this.#open;
      if (port !== null && port !== at) throw new FailureError(elsewhere(at, port));
      return { url: `http://${ADDRESS}:${at}/#${tokens.link()}`, port: at, expiresIn: LINK_LIFE };
    });
  }

  /** False: it was not open. */
  close(): Promise<boolean> {
    return this.#next(async () => {
      if (this.#open === null) return false;
      const { app, sweep, port } = this.#open;
      this.#open = null;
      clearInterval(sweep);
      await app.close();
      this.#context.log.info({ port }, 'the web view is closed');
      return true;
    });
  }

  async #listen(port: number | null): Promise<Open> {
    const { web, log } = this.#context;
    const idle = web?.idle ?? USUAL_IDLE;
    const tokens = new Tokens(() => performance.now(), idle);
    const app = buildWebApp(this.#context, tokens, WEB_LIMITS, web?.folder);
    await app.ready();
    await app.listen({ host: ADDRESS, port: port ?? 0 }).catch((error: Error & { code?: string }) => {
      throw new FailureError(unusable(port ?? 0, error));
    });
    const { port: at } = app.server.address() as AddressInfo;
    log.info({ port: at }, 'the web view is open');
    const sweep = setInterval(() => void (tokens.sweep() && this.close()), Math.max(1_000, Math.min(idle, LINK_LIFE) / 4));
    return { app, tokens, port: at, sweep };
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function elsewhere(at: number, port: number) {
  return failure('port-taken', `The web view is already open on port ${at}; it cannot be open on port ${port} as well.`, { port: at }, [
    'laptop-dev dashboard --web prints a link to it.',
    `laptop-dev dashboard --web --close closes it; after that it can be opened on port ${port}.`,
  ]);
}

function unusable(port: number, error: Error & { code?: string }) {
  const reason = error.code === 'EADDRINUSE' ? 'another program uses it' : error.message;
  return failure('port-taken', `The web view cannot listen on port ${port}: ${reason}.`, { port }, [
    'laptop-dev dashboard --web without --port and LAPTOP_DEV_WEB_PORT uses a free port.',
  ]);
}
