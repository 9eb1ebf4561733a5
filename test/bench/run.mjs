/**
 * npm run bench -- start|rest|cli|path|wake|day|idle|scale|usage|stream|dashboard|llm|engines|redact [--name=value …]
 * Runs one benchmark against the build in dist/ (npm run build) and a real engine. redact needs neither. Benchmarks make a daemon and a project of
 * their own, stay on this machine, remove what they made, and end by themselves.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const BENCHMARKS = [
  'start',
  'rest',
  'cli',
  'path',
  'wake',
  'day',
  'idle',
  'scale',
  'usage',
  'stream',
  'dashboard',
  'llm',
  'engines',
  'redact',
];
const [name, ...options] = process.argv.slice(2);
if (!BENCHMARKS.includes(name)) {
  process.stderr.write(`usage: npm run bench -- ${BENCHMARKS.join('|')}\n`);
  process.exit(2);
}

// Node 20 does not run TypeScript. As deep below the root as test/e2e/support, whose paths to dist/ are relative to their file.
const folder = fileURLToPath(new URL(`../../.laptop-dev-test/bench/${name}-${process.pid}`, import.meta.url));
const outfile = `${folder}/${name}.mjs`;
mkdirSync(folder, { recursive: true });
let code = 1;
try {
  await build({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
  });
  const { run } = await import(pathToFileURL(outfile).href);
  await run(Object.fromEntries(options.map(text => text.replace(/^--/, '').split('='))));
  code = 0;
} catch (error) {
  process.stderr.write(`${error.stack ?? error}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
