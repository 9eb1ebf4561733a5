import { type Strategy, sockets } from './candidate.js';

/** Rancher Desktop with its dockerd (moby) engine: in the user's folder on Linux, on the shared mount on WSL. */
export const fromRancherDesktop: Strategy = ({ home, root }) =>
  sockets('Rancher Desktop', root, [`${home}/.rd/docker.sock`, '/mnt/wsl/rancher-desktop/run/docker.sock']);
