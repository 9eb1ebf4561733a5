import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTls, type TlsMaterial } from '../client/endpoint.js';
import type { Strategy } from './candidate.js';

interface ContextMeta {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify?: boolean } };
}

/**
 * The context that the Docker CLI would use: DOCKER_CONTEXT, else `currentContext` in config.json. Kept in
 * contexts/meta/<sha256 of the name>/meta.json, certificates beside it under contexts/tls. `default` means no context.
 */
export const fromDockerContext: Strategy = ({ env, home, root }) => {
  const folder = root + (env['DOCKER_CONFIG'] ?? `${home}/.docker`);
  const config = readJson<{ currentContext?: string }>(join(folder, 'config.json'));
  const name = env['DOCKER_CONTEXT'] || config?.currentContext;
  if (!name || name === 'default') return [];
  const source = `Docker context ${name}`;
  const hash = createHash('sha256').update(name).digest('hex');
  const meta = readJson<ContextMeta>(join(folder, 'contexts', 'meta', hash, 'meta.json'));
  const host = meta?.Endpoints?.docker?.Host;
  if (!host) {
    // Left behind in config.json by a Docker Desktop that is gone; only a context asked for by name is an error.
    return env['DOCKER_CONTEXT']
      ? [{ source, endpoint: join(folder, 'contexts', 'meta', hash, 'meta.json'), tls: null, explicit: true }]
      : [];
  }
  const tls = host.startsWith('tcp://') ? tlsOf(join(folder, 'contexts', 'tls', hash, 'docker')) : null;
  return [{ source, endpoint: host, tls, explicit: true }];
};

/** Contexts without TLS have no such folder. */
function tlsOf(folder: string): TlsMaterial | null {
  try {
    return readTls(folder);
  } catch {
    return null;
  }
}

function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
