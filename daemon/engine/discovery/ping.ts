import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Ms } from '../../shared/span.js';
import { socketReason } from '../client/classify.js';
import { parseEndpoint, type TlsMaterial } from '../client/endpoint.js';

export type EngineKind = 'docker' | 'podman';
export type Ping = { readonly kind: EngineKind } | { readonly reason: string };

/** Asks GET /_ping, with plain node:http so that a CLI that only looks for the engine loads no client. Never rejects; `signal` ends it early. */
export function ping(endpoint: string, tls: TlsMaterial | null, limit: Ms, signal: AbortSignal): Promise<Ping> {
  const address = parseEndpoint(endpoint);
  if ('code' in address) return Promise.resolve({ reason: address.message });
  const target = address.scheme === 'unix' ? { socketPath: address.socketPath } : { host: address.host, port: address.port, ...tls };
  return new Promise(resolve => {
    const request = (tls ? httpsRequest : httpRequest)({
      ...target,
      path: '/_ping',
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]),
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ reason: reasonOf(error, limit) }));
    request.on('response', response => {
      response.resume();
      const { headers, statusCode = 0 } = response;
      const engine = statusCode === 200 && headers['api-version'] !== undefined;
      const podman = headers['libpod-api-version'] !== undefined || /libpod/i.test(String(headers.server));
      resolve(engine ? { kind: podman ? 'podman' : 'docker' } : { reason: `answers, but not as an engine does (HTTP ${statusCode})` });
    });
    request.end();
  });
}

function reasonOf(error: NodeJS.ErrnoException, limit: Ms): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer within ${limit / 1000} s`;
  return error.code ? socketReason(error.code) : error.message;
}
