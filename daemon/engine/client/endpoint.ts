import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type Failure, FailureError, failure } from '../../shared/failure.js';

/** Certificates of a tcp:// endpoint, as the Docker CLI keeps them in DOCKER_CERT_PATH: ca.pem, cert.pem and key.pem. */
export interface TlsMaterial {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How an engine is reached. `url`: unix:///path or tcp://host:port. */
export interface Endpoint {
  readonly url: string;
  readonly tls: TlsMaterial | null;
}

export type EndpointAddress =
  | { readonly scheme: 'unix'; readonly socketPath: string }
  | { readonly scheme: 'tcp'; readonly host: string; readonly port: number };

/** Reads a socket path or a URL. ssh:// is refused with what to do instead, anything else by name. */
export function parseEndpoint(text: string): EndpointAddress | Failure {
  if (text.startsWith('/')) return { scheme: 'unix', socketPath: text };
  if (text.startsWith('unix://')) return { scheme: 'unix', socketPath: text.slice('unix://'.length) };
  const full = text.includes('://') ? text : `tcp://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  const scheme = url?.protocol.slice(0, -1);
  if (scheme === 'ssh') {
    return failure('engine-unavailable', `An engine over SSH (${text}) is not supported`, { endpoint: text }, [
      'Forward its socket: ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock HOST, then LAPTOP_DEV_ENGINE=/tmp/engine.sock',
    ]);
  }
  if (!url?.hostname || !(scheme === 'tcp' || scheme === 'http' || scheme === 'https')) {
    return failure('engine-unavailable', `"${text}" is not an engine's address`, { endpoint: text }, [
      'Give a socket path, unix:///path or tcp://host:port',
    ]);
  }
  return { scheme: 'tcp', host: url.hostname, port: url.port ? Number(url.port) : 2375 };
}

/** Reads the three files of a certificate folder; engine-unavailable when one of them cannot be read. */
export function readTls(folder: string): TlsMaterial {
  try {
    const file = (name: string): Buffer => readFileSync(join(folder, name));
    return { ca: file('ca.pem'), cert: file('cert.pem'), key: file('key.pem') };
  } catch (error) {
    throw new FailureError(
      failure('engine-unavailable', `The engine's certificates in ${folder} cannot be read: ${String(error)}`, { folder }, [
        'Put ca.pem, cert.pem and key.pem there, or point DOCKER_CERT_PATH to their folder',
      ]),
    );
  }
}

/** Keep-alive, so that a call costs no new connection; four idle sockets are enough for the bounded parallelism of list(). */
export function createAgent(tls: TlsMaterial | null): Agent {
  const options = { keepAlive: true, maxFreeSockets: 4 };
  const agent = tls ? new TlsAgent({ ...options, ...tls }) : new Agent(options);
  // docker-modem inspects its request options on every call, without a depth limit and whether or not its debug output is on:
  // a plain agent drags all its sockets and their buffers through that, milliseconds a call.
  return Object.assign(agent, { [inspect.custom]: () => '[agent]' });
}
