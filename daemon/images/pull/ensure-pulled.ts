import type { ImageRequest } from '../../ports/ports.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { ImageContext, Tell } from '../context.js';
import { inspectImage } from '../inspect.js';

/** For a service without a build: uses the image that is here, pulls it where its policy says so. */
export async function ensurePulled(room: ImageContext, request: ImageRequest, tell: Tell): Promise<void> {
  const { reference, pull, platform = null } = request;
  if (pull !== 'always' && (await inspectImage(room.engine, reference))) return;
  if (pull === 'never') {
    throw new FailureError(
      failure('image-missing', `${reference} is not on this machine, and pull_policy is never`, { reference, reason: 'never' }, [
        `docker pull ${reference}, or docker load -i FILE, or another pull_policy.`,
      ]),
    );
  }
  tell({ step: 'pull', reference, layers: null });
  await room.run({ kind: 'pull', reference, platform }, tell);
  room.log.info({ reference }, 'image pulled');
}
