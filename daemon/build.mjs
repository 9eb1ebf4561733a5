/**
 * Bundles the daemon over what tsc has made of its root, for its memory at rest: one text instead of four hundred modules, without the parts of
 * libraries that nothing reaches, and with Node's own large modules loaded at their first use (BENCHMARKS.md, "At rest"). Names stay as they are
 * and lines are kept short, so that a stack says where it was. The process that builds images starts from what tsc has made.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const to = `${root}dist`;

/** What only few daemons come to use, or only parts of it. `import` of node:http alone would load Node's fetch client. */
const LATE = [
  'http',
  'https',
  'http2',
  'tls',
  'worker_threads',
  'zlib',
  'perf_hooks',
  'diagnostics_channel',
  'child_process',
  'dns',
  'crypto',
];

const require = createRequire(import.meta.url);

/** Stands for a built-in module: each of its names is looked up when it is used. */
const lateBuiltins = {
  name: 'late-builtins',
  setup(builder) {
    builder.onResolve({ filter: new RegExp(`^(node:)?(${LATE.join('|')})$`) }, ({ path, namespace, kind }) =>
      // import() is late by itself; of what stands for the module it would give the default alone.
      namespace === 'late' || kind === 'dynamic-import' ? { path, external: true } : { path: path.replace('node:', ''), namespace: 'late' },
    );
    builder.onLoad({ filter: /./, namespace: 'late' }, ({ path }) => ({
      contents: `for (const name of ${JSON.stringify(Object.keys(require(path)))})
        Object.defineProperty(exports, name, { enumerable: true, get: () => require('node:${path}')[name],
            set(value) { Object.defineProperty(this, name, { value, enumerable: true, writable: true, configurable: true }); } });`,
    }));
  },
};

/** Packages of the engine's client that load-dockerode.ts keeps out until their first use; here they are late, and the client is in the bundle. */
const LATE_PACKAGES = ['@grpc/grpc-js', '@grpc/proto-loader', 'tar-fs', 'ssh2'];

const engineClient = {
  name: 'engine-client',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]engine[\\/]client[\\/]load-dockerode\.ts$/ }, ({ path }) => ({
      contents: `import Dockerode from 'dockerode'; export const loadDockerode = () => Dockerode;`,
      resolveDir: dirname(path),
    }));
    builder.onResolve({ filter: new RegExp(`^(${LATE_PACKAGES.join('|')})$`) }, ({ path, namespace }) =>
      namespace === 'late-package' ? { path, external: true } : { path, namespace: 'late-package' },
    );
    // docker-modem reads Client of ssh2 while it loads, so the class itself is late.
    builder.onLoad({ filter: /./, namespace: 'late-package' }, ({ path }) => ({
      contents: `const atRunTime = require;
        const real = () => requireFrom(atRunTime.resolve('dockerode'))('${path}');
        const late = key => new Proxy(class {}, { construct: (_, args) => Reflect.construct(real()[key], args) });
        module.exports = new Proxy({}, { get: (_, key) => (key === 'Client' ? late(key) : real()[key]) });`,
    }));
  },
};

/** A place relative to a module is relative to where tsc has put it, not to the bundle. */
const places = {
  name: 'places',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]daemon[\\/].*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(
        'import.meta.url',
        `new URL('./${relative(`${root}daemon`, path).replaceAll('\\', '/').replace(/\.ts$/, '.js')}', import.meta.url).href`,
      ),
      loader: 'ts',
    }));
  },
};

for (const name of readdirSync(to)) if (name.startsWith('chunk-')) rmSync(`${to}/${name}`);
await build({
  absWorkingDir: root,
  entryPoints: { main: `${root}daemon/main.ts` },
  outdir: to,
  chunkNames: 'chunk-[hash]',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // One letter beyond ASCII would make the whole text take two bytes a letter in memory.
  charset: 'ascii',
  plugins: [lateBuiltins, engineClient, places],
  // Libraries in CommonJS ask for Node's own modules by require.
  banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
  logLevel: 'warning',
});
