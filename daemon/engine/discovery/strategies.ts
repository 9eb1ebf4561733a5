import { readdirSync } from 'node:fs';
import { readTls } from '../client/endpoint.js';
import { type EndpointCandidate, runtimePath, type Strategy, sockets } from './candidate.js';

/** Rancher Desktop with its dockerd (moby) engine: in the user's folder on Linux, on the shared mount on WSL. */
export const fromRancherDesktop: Strategy = ({ home, root }) =>
  sockets('Rancher Desktop', root, [`${home}/.rd/docker.sock`, '/mnt/wsl/rancher-desktop/run/docker.sock']);

const MACHINES = '/mnt/wsl/podman-sockets';

/** Podman's compatible API: rootless, root, then the machines that Podman Desktop shows on WSL (rootless before root of each). */
export const fromPodman: Strategy = surroundings => [
  ...sockets('Podman', surroundings.root, [runtimePath(surroundings, 'podman/podman.sock'), '/run/podman/podman.sock']),
  ...sockets('Podman machine', surroundings.root, machineSockets(surroundings.root)),
];

function machineSockets(root: string): string[] {
  return list(root + MACHINES).flatMap(machine => ['podman-user.sock', 'podman-root.sock'].map(name => `${MACHINES}/${machine}/${name}`));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

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

/** Docker Engine of this distribution: the system's socket under both names, then a rootless one. */
export const fromDockerEngine: Strategy = surroundings =>
  sockets('Docker Engine', surroundings.root, ['/var/run/docker.sock', '/run/docker.sock', runtimePath(surroundings, 'docker.sock')]);

/**
 * Docker Desktop: on Linux in the user's folder; on WSL without integration for this distribution through the shared mount
 * (docker.proxy.sock is what it mounts as /var/run/docker.sock in integrated ones).
 */
export const fromDockerDesktop: Strategy = ({ home, root }) =>
  sockets('Docker Desktop', root, [
    `${home}/.docker/desktop/docker.sock`,
    `${home}/.docker/run/docker.sock`,
    '/mnt/wsl/docker-desktop/shared-sockets/guest-services/docker.proxy.sock',
    '/mnt/wsl/docker-desktop/shared-sockets/guest-services/docker.sock',
    '/mnt/wsl/docker-desktop/shared-sockets/host-services/docker.proxy.sock',
  ]);
