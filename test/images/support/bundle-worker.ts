import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Compiles the child process of the images room, as the tests run the TypeScript sources and Node cannot. Returns its path. */
export async function bundleWorker(): Promise<string> {
  // Inside the repository, so that the packages are found from there.
  const folder = fileURLToPath(new URL('../../../.laptop-dev-test', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}/images-worker-${randomUUID()}.mjs`;
  await build({
    entryPoints: [fileURLToPath(new URL('../../../daemon/images/worker.ts', import.meta.url))],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  return outfile;
}
