import { readTls } from '../client/endpoint.js';
import type { EndpointCandidate, Strategy } from './candidate.js';

/** LAPTOP_DEV_ENGINE (a socket path or URL) before DOCKER_HOST with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. */
export const fromEnvironment: Strategy = ({ env, home, root }) => {
  const found: EndpointCandidate[] = [];
  const own = env['LAPTOP_DEV_ENGINE'];
  if (own && own !== 'docker' && own !== 'podman') found.push({ source: 'LAPTOP_DEV_ENGINE', endpoint: own, tls: null, explicit: true });
  const host = env['DOCKER_HOST'];
  if (host) {
    const certificates = env['DOCKER_TLS_VERIFY'] && host.startsWith('tcp://') ? (env['DOCKER_CERT_PATH'] ?? `${home}/.docker`) : null;
    found.push({ source: 'DOCKER_HOST', endpoint: host, tls: certificates === null ? null : readTls(root + certificates), explicit: true });
  }
  return found;
};
