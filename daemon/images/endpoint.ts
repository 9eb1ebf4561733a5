import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How to reach an engine: as node:http takes it, and as dockerode does. */
export type EngineAddress =
  | { readonly socketPath: string }
  | {
      readonly protocol: 'http' | 'https';
      readonly host: string;
      readonly port: number;
      readonly ca?: Buffer;
      readonly cert?: Buffer;
      readonly key?: Buffer;
    };

/** Reads `unix:///path`, `tcp://host:port`, `http://…`, `https://…`; TLS as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say. Throws for others. */
export function engineAddress(endpoint: string, env: Readonly<Record<string, string | undefined>>): EngineAddress {
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length) };
  const url = new URL(endpoint);
  if (!['tcp:', 'http:', 'https:'].includes(url.protocol)) throw new Error(`not an engine's address: ${endpoint}`);
  const secure = url.protocol === 'https:' || Boolean(env['DOCKER_TLS_VERIFY']);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port) || (secure ? 2376 : 2375);
  const folder = env['DOCKER_CERT_PATH'];
  if (!secure || !folder) return { protocol: secure ? 'https' : 'http', host, port };
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  return { protocol: 'https', host, port, ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}
