import { type Strategy, sockets } from './candidate.js';

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
