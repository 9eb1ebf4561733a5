import type { BuildSpec } from '../../model/spec.js';
import { BASE_REFERENCE } from '../base/base-reference.js';
import { type BuildFiles, readBuild } from './build-files.js';
import { type DockerfileFacts, readDockerfile } from './dockerfile.js';

/** A build with its Dockerfile understood; `args` with the base, where it takes that. */
export interface BuildPlan extends BuildFiles {
  readonly facts: DockerfileFacts;
}

/** As readBuild, and what its Dockerfile starts from. For the child process alone: see readDockerfile. */
export function planBuild(reference: string, build: BuildSpec, platform: string | null): BuildPlan {
  const files = readBuild(reference, build, platform);
  const takesBase = readDockerfile(files.dockerfile, build.args).takesBase && build.args['BASE'] === undefined;
  const args = takesBase ? { ...build.args, BASE: BASE_REFERENCE } : build.args;
  return { ...files, args, facts: readDockerfile(files.dockerfile, args) };
}
