// Records what two versions of docker-compose make of test/config/compose/matrix.ts (some minutes):
//   node scripts/record-compose-matrix.mjs DOCKER-COMPOSE-2.26 DOCKER-COMPOSE-2.40
// Debian has both: `apt-get download docker-compose` from trixie and from sid, unpacked with `dpkg -x`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const [older, newer] = process.argv.slice(2);
if (process.argv.includes('--help')) {
  console.log('record-compose-matrix.mjs DOCKER-COMPOSE-2.26 DOCKER-COMPOSE-2.40: writes what the two make of the merge matrix.');
  process.exit(0);
}
if (!older || !newer) {
  console.error('usage: node scripts/record-compose-matrix.mjs DOCKER-COMPOSE-2.26 DOCKER-COMPOSE-2.40');
  process.exit(2);
}
const root = fileURLToPath(new URL('..', import.meta.url));
const made = mkdtempSync(join(tmpdir(), 'record-compose-'));
await build({
  absWorkingDir: root,
  entryPoints: ['test/config/compose/record-matrix.ts'],
  outfile: join(made, 'record.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
});
const { record } = await import(pathToFileURL(join(made, 'record.mjs')).href);
const recorded = record({ 2.26: older, '2.40': newer }, '', key => console.log(key));
writeFileSync(`${root}/test/config/compose/matrix-answers.json.gz`, gzipSync(JSON.stringify(recorded), { level: 9 }));
rmSync(made, { recursive: true });
