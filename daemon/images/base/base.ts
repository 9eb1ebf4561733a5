import { FailureError, failure } from '../../shared/failure.js';
import { contextTar } from '../build/context-tar.js';
import type { Tell } from '../context.js';
import { type Engine, followBuild } from '../engine.js';
import { inspectImage } from '../inspect.js';
import { pullImage } from '../pull/pull.js';
import { isUnanswered } from '../pull/registry.js';
import { BASE_REFERENCE, BASE_SOURCE } from './base-reference.js';
import { ownAuthorities } from './certificates.js';
import { makeRoot } from './debootstrap.js';
import { hostLock } from './host-lock.js';
import { tarOfRoot } from './root-tar.js';

/** On the base image: how it came about. */
export const ORIGIN_LABEL = 'laptop-dev.base-origin';

/**
 * Makes the base image present and resolves to its id: Debian's own image when it is here or a registry has it, with this machine's
 * certificate authorities added; else a Debian made from packages with debootstrap. Only one at a time on a machine.
 */
export async function makeBase(engine: Engine, rebuild: boolean, tell: Tell): Promise<string> {
  const lock = await hostLock(lockPath(), () => tell({ step: 'base-waits' }));
  try {
    const present = await inspectImage(engine.address, BASE_REFERENCE);
    if (present && !rebuild) return present.id;
    const refusal = await sourceMissing(engine, tell);
    if (refusal === null) await derive(engine);
    else {
      tell({ step: 'base-begins', why: refusal });
      await importRoot(engine, tell);
    }
    const made = await inspectImage(engine.address, BASE_REFERENCE);
    if (!made) throw new FailureError(failure('engine-error', `the engine has no ${BASE_REFERENCE} after it was made`));
    return made.id;
  } finally {
    await lock.release();
  }
}

/** Null: Debian's image is at the engine. Else why not. */
async function sourceMissing(engine: Engine, tell: Tell): Promise<string | null> {
  if (await inspectImage(engine.address, BASE_SOURCE)) return null;
  try {
    await pullImage(engine, BASE_SOURCE, null, tell);
    return null;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return isUnanswered(error.failure) ? 'no registry answers' : error.failure.message;
  }
}

async function derive({ docker }: Engine): Promise<void> {
  const authorities = await ownAuthorities();
  const files = Object.fromEntries(authorities.map((text, index) => [`laptop-dev-${index}.crt`, `${text}\n`]));
  const copy = authorities.length > 0 ? 'COPY laptop-dev-*.crt /usr/local/share/ca-certificates/\n' : '';
  const tar = contextTar(null, [], { Dockerfile: `FROM ${BASE_SOURCE}\n${copy}`, ...files });
  const options = { t: BASE_REFERENCE, labels: { [ORIGIN_LABEL]: BASE_SOURCE }, rm: true, forcerm: true };
  const error = await followBuild(docker, await docker.buildImage(tar.stream, options), () => undefined);
  if (error !== null) throw new FailureError(failure('image-build-failed', `the base image cannot be built on ${BASE_SOURCE}: ${error}`));
}

async function importRoot({ docker }: Engine, tell: Tell): Promise<void> {
  const root = await makeRoot(await ownAuthorities(), tell);
  try {
    const tar = tarOfRoot(root.path);
    const changes = ['CMD ["bash"]', `LABEL ${ORIGIN_LABEL}=debootstrap`];
    // The tag is part of `repo`: Podman does not read `tag`.
    const stream = await docker.importImage(tar.stream, { repo: BASE_REFERENCE, changes, message: 'debootstrap' });
    const error = await followBuild(docker, stream, () => undefined);
    if (error !== null) throw new FailureError(failure('engine-error', `the engine cannot import the base image: ${error}`));
    await tar.finished;
  } finally {
    await root.remove();
  }
}

function lockPath(): string {
  const root = process.getuid?.() === 0;
  return root ? '/run/laptop-dev-base.lock' : `${process.env['XDG_RUNTIME_DIR'] || '/tmp'}/laptop-dev-base-${process.getuid?.()}.lock`;
}
