import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { WebSession } from '../../api/contract.js';
import { FailureError } from '../../shared/failure.js';
import { envelope } from '../answer.js';
import { bareApp, REQUEST_LIMITS, type RequestLimits } from '../bare-app.js';
import type { RouteContext } from '../context.js';
import type { Head } from '../guard.js';
import { serviceRoutes } from '../routes/act.js';
import { readRoutes } from '../routes/read.js';
import { streamRoutes } from '../routes/streams.js';
import { createStreams } from '../stream/streams.js';
import { serveUpgrades } from '../upgrades.js';
import { checkedBody } from '../validate.js';
import { BUILT, serveAssets } from './assets.js';
import { bearerOf, isApi, pathOf, unauthorized, webMediaRefusal, webRefusal } from './guard.js';
import { mayOpen, peerUser } from './peer.js';
import type { Tokens } from './tokens.js';
import { ofSessions, upgradeRefusal } from './upgrade.js';

/** Where a link's token is exchanged for a session's. */
export const EXCHANGE = '/v1/web/session';

/**
 * The bounds of the TCP port, its own and tighter than those of the Unix socket: whoever fills them keeps other pages out, never the command
 * line. Half-open requests are dropped after a third of `requestTimeout`.
 */
export const WEB_LIMITS: RequestLimits = { ...REQUEST_LIMITS, connections: 64, sessions: 0, streams: 8, requestTimeout: 15_000 };

/**
 * The API as the web view has it, on a server of its own; not listening yet. The page's files are answered to our own origin without a token,
 * everything under /v1 with one only. It may look at everything and start, stop, restart, pin and unpin what the daemon knows; what brings in
 * something new or changes the daemon itself (up, down, exec, trust, budget, clean, shutdown) is not there.
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
  const streams = createStreams(context, { most: limits.streams, heartbeat: limits.heartbeat });
  serveUpgrades(app.server, [ofSessions(streams, tokens)], context.log, head => upgradeRefusal(head, tokens, port()));
  app.addHook('preClose', async () => streams.close());
  return app;
}

/** Throws FailureError for a request that is not let in. First who asks, then what for: without a token nobody learns which routes there are. */
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
