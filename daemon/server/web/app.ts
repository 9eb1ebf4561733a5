import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { WebSession } from '../../api/contract.js';
import { type Failure, FailureError } from '../../shared/failure.js';
import { envelope } from '../answer.js';
import { bareApp, REQUEST_LIMITS, type RequestLimits } from '../bare-app.js';
import type { RouteContext } from '../context.js';
import { ANSWER_HEADERS, type Head } from '../guard.js';
import { serviceRoutes } from '../routes/act.js';
import { readRoutes } from '../routes/read.js';
import { streamRoutes } from '../routes/streams.js';
import { createStreams } from '../stream/streams.js';
import { serveUpgrades, type UpgradeHandler } from '../upgrades.js';
import { checkedBody } from '../validate.js';
import { bearerOf, isApi, pathOf, protocolTokenOf, unauthorized, webMediaRefusal, webRefusal } from './guard.js';
import { mayOpen, peerUser } from './peer.js';
import type { Tokens } from './tokens.js';

/** The page may use its own scripts, styles and connections; nothing from elsewhere, nothing inline, no frames, no forms. */
const PAGE_HEADERS = {
  ...ANSWER_HEADERS,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Path → file and type. Nothing else is ever read. */
const ASSETS = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/app.css': ['app.css', 'text/css; charset=utf-8'],
} as const;

/** Where the build puts them: the same from daemon/server/web and from dist/server/web. */
export const BUILT = new URL('../../../dist/web/', import.meta.url);

/** The page is read from disk for each request: nothing of it stays in memory. */
function serveAssets(app: FastifyInstance, folder: URL): void {
  for (const [path, [name, type]] of Object.entries(ASSETS))
    app.get(path, async (_request, reply): Promise<FastifyReply> => {
      const content = await readFile(new URL(name, folder));
      return reply.headers({ ...PAGE_HEADERS, 'content-type': type }).send(content);
    });
}

/** Where a link's token is exchanged for a session's. */
export const EXCHANGE = '/v1/web/session';

/**
 * The limits of the TCP port, separate from and tighter than those of the Unix socket: a client that uses them up blocks other pages, never the
 * command line. Half-open requests are dropped after a third of `requestTimeout`.
 */
export const WEB_LIMITS: RequestLimits = { ...REQUEST_LIMITS, connections: 64, sessions: 0, streams: 8, requestTimeout: 15_000 };

/**
 * The API of the web view, on a server of its own; not listening yet. The page's files need our own origin and no token, everything under /v1
 * needs a token. The page may read everything, and start, stop, restart, pin and unpin services that the daemon knows; routes that bring in
 * something new or change the daemon itself (up, down, exec, trust, budget, clean, shutdown) do not exist here.
 */
export function buildWebApp(
  context: RouteContext,
  tokens: Tokens,
  limits: RequestLimits = WEB_LIMITS,
  folder: URL = BUILT,
): FastifyInstance {
  const port = () => (app.server.address() as AddressInfo | null)?.port ?? 0;
  const app = bareApp(context, limits, head => admit(head, tokens, port()));
  serveAssets(app, folder);
  app.post(EXCHANGE, async request => {
    checkedBody('Empty', request.body);
    const user = process.getuid?.();
    const stranger = user !== undefined && !mayOpen(await peerUser(request.raw.socket), user);
    const token = stranger ? null : tokens.exchange(bearerOf(request));
    if (token === null) throw new FailureError(unauthorized());
    return envelope<WebSession>({ token });
  });
  readRoutes(app, context);
  streamRoutes(app, context);
  serviceRoutes(app, context);
  const streams = createStreams(context, { most: limits.streams, heartbeat: limits.heartbeat, soonest: limits.soonest });
  serveUpgrades(app.server, [ofSessions(streams, tokens)], context.log, head => upgradeRefusal(head, tokens, port()));
  app.addHook('preClose', async () => streams.close());
  return app;
}

/** Throws FailureError for a request that is refused. The token is checked before the route: without one a client does not learn which routes exist. */
function admit(head: Head, tokens: Tokens, port: number): void {
  const refused = webRefusal(head, port);
  if (refused) throw new FailureError(refused);
  const path = pathOf(head);
  if (isApi(path)) {
    const token = bearerOf(head);
    const known = path === EXCHANGE ? tokens.isLink(token) : tokens.session(token) !== null;
    if (!known) throw new FailureError(unauthorized());
  }
  const media = webMediaRefusal(head);
  if (media) throw new FailureError(media);
}

/** The guard for upgrades; null: admitted. */
function upgradeRefusal(head: Head, tokens: Tokens, port: number): Failure | null {
  return webRefusal(head, port) ?? (tokens.session(protocolTokenOf(head)) === null ? unauthorized() : null);
}

/** The handler, with each connection tied to the session that opened it: the connection keeps the session alive, and ends with it. */
function ofSessions(handler: UpgradeHandler, tokens: Tokens): UpgradeHandler {
  return {
    route: handler.route,
    async take(upgrade, parts) {
      const session = tokens.session(protocolTokenOf(upgrade.request));
      if (session === null) throw new FailureError(unauthorized());
      upgrade.socket.once(
        'close',
        tokens.hold(session, () => upgrade.socket.destroy()),
      );
      return handler.take(upgrade, parts);
    },
    close: () => handler.close(),
  };
}
