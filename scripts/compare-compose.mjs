// Reads the Compose files of well-known projects (test/config/compose/projects.json) with laptop-dev and with docker-compose, and says what differs:
//   node scripts/compare-compose.mjs --projects FOLDER DOCKER-COMPOSE…
// FOLDER keeps what is fetched, the same commits each time. Several versions of docker-compose, 2.26 or newer, can be named: either is Compose.
// Without --projects every Compose file that lies below FOLDER is read, each as a project of its own.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const USAGE = 'usage: node scripts/compare-compose.mjs [--projects] [--only REPOSITORY] FOLDER DOCKER-COMPOSE…';
const { values, positionals } = parseArgs({
  options: { projects: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
const [folder, ...binaries] = positionals;
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (!folder || binaries.length === 0) {
  console.error(USAGE);
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const made = mkdtempSync(join(tmpdir(), 'compare-compose-'));
const banner = "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);";
await build({
  absWorkingDir: root,
  entryPoints: ['test/config/compose/compare-projects.ts'],
  outfile: join(made, 'compare.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  banner: { js: banner },
});
const { compareFolder, compareListed } = await import(pathToFileURL(join(made, 'compare.mjs')).href);
const write = line => console.log(line);
mkdirSync(folder, { recursive: true });
const list = join(root, 'test/config/compose/projects.json');
const different = values.projects
  ? await compareListed(binaries, list, resolve(folder), write, values.only)
  : await compareFolder(binaries, resolve(folder), write);
rmSync(made, { recursive: true });
process.exitCode = different === 0 ? 0 : 1;
