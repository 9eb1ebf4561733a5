import { readFile } from 'node:fs/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ANSWER_HEADERS } from '../guard.js';

/** What the page may do: its own scripts, styles and connections; nothing from elsewhere, nothing inline, no frames, no forms. */
export const PAGE_HEADERS = {
  ...ANSWER_HEADERS,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Path → file and type. Nothing else is ever read. */
export const ASSETS = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/app.css': ['app.css', 'text/css; charset=utf-8'],
} as const;

/** Where the build puts them: the same from daemon/server/web and from dist/server/web. */
export const BUILT = new URL('../../../dist/web/', import.meta.url);

/** The page, read anew for each request: nothing of it stays in memory. */
export function serveAssets(app: FastifyInstance, folder: URL): void {
  for (const [path, [name, type]] of Object.entries(ASSETS))
    app.get(path, async (_request, reply): Promise<FastifyReply> => {
      const content = await readFile(new URL(name, folder));
      return reply.headers({ ...PAGE_HEADERS, 'content-type': type }).send(content);
    });
}
