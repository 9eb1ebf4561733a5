/**
 * Bundles the command line over what tsc has made of it: starting it means reading a few files instead of two hundred, those of its libraries
 * among them. What a verb loads late stays late (a chunk each). The daemon is a process of its own and is not bundled.
 */
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const to = `${root}dist/cli`;
for (const name of readdirSync(to)) if (name.startsWith('chunk-')) rmSync(`${to}/${name}`);
await build({
  absWorkingDir: root,
  // bin.ts looks at Node's version before anything newer is read, so it stays as it is.
  entryPoints: { run: `${root}daemon/cli/run.ts` },
  outdir: to,
  // All in one folder: places relative to a file (import.meta.url) have the depth that they have in daemon/cli.
  chunkNames: 'chunk-[hash]',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  minifyWhitespace: true,
  minifySyntax: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  // Libraries in CommonJS ask for Node's own modules by require.
  banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
  logLevel: 'warning',
});
