import { readdirSync } from 'node:fs';
import { runtimePath, type Strategy, sockets } from './candidate.js';

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
