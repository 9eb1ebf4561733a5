/** Bundles the web view into dist/web: three files, no other is ever served (server/web/app.ts). */
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const [from, to] = [`${root}daemon/ui/web`, `${root}dist/web`];
mkdirSync(to, { recursive: true });
copyFileSync(`${from}/index.html`, `${to}/index.html`);
await build({
  absWorkingDir: root,
  entryPoints: { app: `${from}/main.ts` },
  outdir: to,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  charset: 'utf8',
  logLevel: 'warning',
});
await build({
  absWorkingDir: root,
  entryPoints: [`${from}/app.css`],
  outdir: to,
  bundle: true,
  minify: true,
  target: ['chrome111', 'firefox115', 'safari16.4'],
  logLevel: 'warning',
});
