import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import type { BuildSpec } from '../../model/spec.js';
import { changedSince, sourceChanged } from '../../path-gate/judge.js';
import { PinnedFolder, UnreadableError } from '../../path-gate/pinned.js';
import { type Failure, FailureError, failure } from '../../shared/failure.js';
import { type IgnoreRules, parseIgnore } from './dockerignore.js';

/** A build with its Dockerfile and ignore file read: what is the same for the check on the start path and for the build itself. */
export interface BuildFiles {
  readonly reference: string;
  readonly context: string;
  readonly dockerfile: string;
  /** Path of the Dockerfile inside the context; null when it lies outside or was given inline. */
  readonly dockerfilePath: string | null;
  /** Text of the .dockerignore in force; null: there is none. */
  readonly ignoreText: string | null;
  readonly rules: IgnoreRules;
  readonly target: string | null;
  readonly args: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly platform: string | null;
}

/** What of a Dockerfile or an ignore file is read; a longer one is a mistake. */
const LONGEST = 4 * 1024 * 1024;

/**
 * Reads Dockerfile and .dockerignore. Fails with image-build-failed when the context or the Dockerfile cannot be read, with path-changed when
 * one of them is a link: links had been followed when the project came up.
 */
export function readBuild(reference: string, build: BuildSpec, platform: string | null): BuildFiles {
  if (!existsSync(build.context)) throw new FailureError(unreadable(reference, `its context ${build.context} does not exist`));
  return inContext(reference, build.context, context => {
    const file = build.dockerfile ?? join(build.context, 'Dockerfile');
    const path = relative(build.context, file);
    const inside = !path.startsWith('..') && !isAbsolute(path);
    const read = (name: string): string | null =>
      inside
        ? readText(reference, context, relative(build.context, name))
        : inContext(reference, dirname(name), at => readText(reference, at, basename(name)));
    const dockerfile = build.dockerfileInline ?? read(file);
    if (dockerfile === null) throw new FailureError(noDockerfile(reference, file));
    const ignoreText =
      (build.dockerfileInline === null ? read(`${file}.dockerignore`) : null) ?? readText(reference, context, '.dockerignore');
    return {
      reference,
      context: build.context,
      dockerfile,
      dockerfilePath: build.dockerfileInline === null && inside ? path : null,
      ignoreText,
      rules: parseIgnore(ignoreText ?? ''),
      target: build.target,
      args: build.args,
      labels: build.labels,
      platform,
    };
  });
}

/** Holds the folder while `use` reads from it. What cannot be read is named, with what to do. */
export function inContext<T>(reference: string, folder: string, use: (context: PinnedFolder) => T): T {
  const context = openFolder(reference, folder);
  try {
    return use(context);
  } catch (error) {
    throw nameable(reference, folder, error);
  } finally {
    context.close();
  }
}

/** The same for what takes its time. */
export async function whileInContext<T>(reference: string, folder: string, use: (context: PinnedFolder) => Promise<T>): Promise<T> {
  const context = openFolder(reference, folder);
  try {
    return await use(context);
  } catch (error) {
    throw nameable(reference, folder, error);
  } finally {
    context.close();
  }
}

function openFolder(reference: string, folder: string): PinnedFolder {
  const change = changedSince(folder, '');
  if (change !== null) throw new FailureError(sourceChanged(reference, change, folder));
  try {
    return PinnedFolder.open(folder);
  } catch (error) {
    throw nameable(reference, '', error);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read (permission denied)',
  EPERM: 'may not be read (permission denied)',
  ELOOP: 'is a link, or lies too deep',
  ENOENT: 'is not there any more',
  ENOTDIR: 'is no folder any more',
};

function nameable(reference: string, folder: string, error: unknown): unknown {
  if (!(error instanceof UnreadableError)) return error;
  const path = folder === '' ? error.path : join(folder, error.path);
  const message = `${reference} cannot be built: ${path} ${WORDS[error.code] ?? `cannot be read (${error.code})`}`;
  return new FailureError(
    failure('image-build-failed', message, { reference, path, errno: error.code }, [
      'Make it readable for the user that the daemon runs as, or name it in .dockerignore of the context.',
    ]),
  );
}

function unreadable(reference: string, why: string): Failure {
  return failure('image-build-failed', `${reference} cannot be built: ${why}`, { reference }, [
    'Correct build.context or build.dockerfile of the service, or create the file.',
  ]);
}

function noDockerfile(reference: string, file: string): Failure {
  const change = changedSince(file, '');
  return change === null ? unreadable(reference, `there is no Dockerfile at ${file}`) : sourceChanged(reference, change, dirname(file));
}

/** A link is followed while it stays in the folder. Null: no such file. */
function readText(reference: string, context: PinnedFolder, path: string, links = 0): string | null {
  const found = context.entry(path);
  if (found === null) return null;
  if (found.target !== null) {
    const target = join(dirname(path), found.target);
    if (isAbsolute(found.target) || target.startsWith('..') || links > 8)
      throw new FailureError(unreadable(reference, `${path} is a link to ${found.target}, which is not in its folder; it is not followed`));
    return readText(reference, context, target, links + 1);
  }
  const file = context.open(path);
  if (file === null) return null;
  try {
    if (file.stat.size > LONGEST)
      throw new FailureError(unreadable(reference, `${path} is ${file.stat.size} bytes long; at most ${LONGEST} are read`));
    return file.read(0, LONGEST).toString('utf8');
  } finally {
    file.close();
  }
}
