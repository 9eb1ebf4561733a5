import type Dockerode from 'dockerode';
import { parseEndpoint } from '../../../daemon/engine/client/endpoint.js';
import { loadDockerode } from '../../../daemon/engine/client/load-dockerode.js';

/** The engine that the tests under test/on-engine run against: LAPTOP_DEV_ENGINE, or Docker's usual socket. */
export const ENGINE = process.env['LAPTOP_DEV_ENGINE'] ?? 'unix:///var/run/docker.sock';

/** A plain client, to look at the engine past the code under test. */
export function openEngine(endpoint: string): Dockerode {
  const address = parseEndpoint(endpoint);
  if ('code' in address) throw new Error(address.message);
  const Docker = loadDockerode();
  return address.scheme === 'unix'
    ? new Docker({ socketPath: address.socketPath })
    : new Docker({ host: address.host, port: address.port });
}
