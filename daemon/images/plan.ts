import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { type Failure, FailureError, failure } from '../core/failure.js';
import type { BuildSpec } from '../core/model.js';
import { BASE_REFERENCE } from './base-reference.js';
import { type DockerfileFacts, readDockerfile } from './dockerfile.js';
import { type IgnoreRules, parseIgnore } from './dockerignore.js';

/** A build with its files read: what is the same for the check on the start path and for the build itself. */
export interface BuildPlan {
  readonly reference: string;
  readonly context: string;
  readonly dockerfile: string;
  /** Path of the Dockerfile inside the context; null when it lies outside or was given inline. */
  readonly dockerfilePath: string | null;
  /** Text of the .dockerignore in force; null: there is none. */
  readonly ignoreText: string | null;
  readonly rules: IgnoreRules;
  readonly facts: DockerfileFacts;
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string | null;
}

/** Reads Dockerfile and .dockerignore. Fails with image-build-failed when the context or the Dockerfile cannot be read. */
export function planBuild(reference: string, build: BuildSpec, platform: string | null): BuildPlan {
  if (!existsSync(build.context)) throw new FailureError(unreadable(reference, `its context ${build.context} does not exist`));
  const file = build.dockerfile ?? join(build.context, 'Dockerfile');
  const dockerfile = build.dockerfileInline ?? readText(file);
  if (dockerfile === null) throw new FailureError(unreadable(reference, `there is no Dockerfile at ${file}`));
  const ignoreText =
    (build.dockerfileInline === null ? readText(`${file}.dockerignore`) : null) ?? readText(join(build.context, '.dockerignore'));
  const takesBase = readDockerfile(dockerfile, build.args).takesBase && build.args['BASE'] === undefined;
  const args = takesBase ? { ...build.args, BASE: BASE_REFERENCE } : build.args;
  const path = relative(build.context, file);
  return {
    reference,
    context: build.context,
    dockerfile,
    dockerfilePath: build.dockerfileInline === null && !path.startsWith('..') && !isAbsolute(path) ? path : null,
    ignoreText,
    rules: parseIgnore(ignoreText ?? ''),
    facts: readDockerfile(dockerfile, args),
    target: build.target,
    args,
    labels: build.labels,
    platform,
  };
}

function unreadable(reference: string, why: string): Failure {
  return failure('image-build-failed', `${reference} cannot be built: ${why}`, { reference }, [
    'Correct build.context or build.dockerfile of the service, or create the file.',
  ]);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
