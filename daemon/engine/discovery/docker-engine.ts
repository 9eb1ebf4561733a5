import { runtimePath, type Strategy, sockets } from './candidate.js';

/** Docker Engine of this distribution: the system's socket under both names, then a rootless one. */
export const fromDockerEngine: Strategy = surroundings =>
  sockets('Docker Engine', surroundings.root, ['/var/run/docker.sock', '/run/docker.sock', runtimePath(surroundings, 'docker.sock')]);
