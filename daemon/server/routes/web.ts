import type { FastifyInstance } from 'fastify';
import type { WebClosed, WebOpened } from '../../api/contract.js';
import { envelope } from '../answer.js';
import type { RouteContext } from '../context.js';
import { checkedBody } from '../validate.js';
import type { WebDoor } from '../web/web-server.js';

/** Opens and closes the web view. Its code is loaded with the first that asks: who never does pays nothing. */
export function webRoutes(app: FastifyInstance, context: RouteContext): void {
  let door: Promise<WebDoor> | null = null;

  app.post('/v1/web/open', async request => {
    const { port = null } = checkedBody('OpenWeb', request.body);
    door ??= import('../web/web-server.js').then(({ WebDoor }) => new WebDoor(context));
    return envelope<WebOpened>(await (await door).open(port));
  });

  app.post('/v1/web/close', async request => {
    checkedBody('Empty', request.body);
    return envelope<WebClosed>({ closed: (await (await door)?.close()) ?? false });
  });

  app.addHook('preClose', async () => {
    await (await door)?.close();
  });
}
