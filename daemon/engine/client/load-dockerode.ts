import { createRequire, Module } from 'node:module';
import { dirname } from 'node:path';
import type Dockerode from 'dockerode';

/**
 * dockerode loads gRPC, protobuf, SSH and tar code when it is required, 14 MB of anonymous memory that only builds with BuildKit sessions and
 * ssh:// hosts use. Each of them gets a stand-in in the module cache that loads the real package at its first use.
 * The cache is the one seam that works without a loader hook or a patched dependency; test/engine/load-dockerode.test.ts holds it.
 */
const HEAVY = {
  dockerode: ['@grpc/grpc-js', '@grpc/proto-loader', 'tar-fs'],
  'docker-modem': ['ssh2'],
} as const;

export type DockerodeClass = typeof Dockerode;
let loaded: DockerodeClass | null = null;

/** The dockerode class, with its heavy parts not loaded yet. */
export function loadDockerode(): DockerodeClass {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  const dockerode = require.resolve('dockerode');
  const fromDockerode = createRequire(dockerode);
  for (const name of HEAVY.dockerode) standIn(fromDockerode, name);
  const fromModem = createRequire(fromDockerode.resolve('docker-modem'));
  for (const name of HEAVY['docker-modem']) standIn(fromModem, name);
  loaded = require(dockerode) as DockerodeClass;
  return loaded;
}

/** Seeds the module cache for `name` unless it is loaded already, or is not installed. */
function standIn(require: NodeJS.Require, name: string): void {
  const file = resolveOrNull(require, name);
  if (file === null || require.cache[file]) return;
  const stand = new Module(file);
  stand.filename = file;
  stand.paths = [dirname(file)];
  stand.loaded = true;
  const real = (): Record<PropertyKey, unknown> => {
    if (require.cache[file] === stand) delete require.cache[file];
    return require(name) as Record<PropertyKey, unknown>;
  };
  stand.exports = new Proxy({}, { get: (_target, key) => (key === 'Client' ? lateClass(real, key) : real()[key]) });
  require.cache[file] = stand;
}

/** docker-modem reads `require('ssh2').Client` while it loads, so the class itself has to be late: it is constructed at `new`. */
function lateClass(real: () => Record<PropertyKey, unknown>, key: string): unknown {
  return new Proxy(class {}, {
    construct: (_target, args) => Reflect.construct(real()[key] as new () => object, args),
  });
}

function resolveOrNull(require: NodeJS.Require, name: string): string | null {
  try {
    return require.resolve(name);
  } catch {
    return null;
  }
}
