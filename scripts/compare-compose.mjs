// Reads every Compose file below a folder with laptop-dev and with a docker-compose of version 2.26 or newer, and says what differs:
//   node scripts/compare-compose.mjs PATH-OF-DOCKER-COMPOSE FOLDER
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [binary, folder] = process.argv.slice(2);
if (process.argv.includes('--help')) {
  console.log(
    'compare-compose.mjs PATH-OF-DOCKER-COMPOSE FOLDER: says how docker-compose and laptop-dev read the Compose files of a folder.',
  );
  process.exit(0);
}
if (!binary || !folder) {
  console.error('usage: node scripts/compare-compose.mjs PATH-OF-DOCKER-COMPOSE FOLDER');
  process.exit(2);
}
const made = mkdtempSync(join(tmpdir(), 'compare-compose-'));
const banner = "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);";
await build({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  entryPoints: ['test/compose/compare-projects.ts'],
  outfile: join(made, 'compare.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  banner: { js: banner },
});
const { compareProjects } = await import(pathToFileURL(join(made, 'compare.mjs')).href);
const different = await compareProjects(binary, folder, line => console.log(line));
rmSync(made, { recursive: true });
process.exitCode = different === 0 ? 0 : 1;
