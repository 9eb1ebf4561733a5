import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageProgressText } from '../../../daemon/api/notice-text.js';
import { createImages } from '../../../daemon/images/images.js';
import type { ImageRequest } from '../../../daemon/ports/ports.js';
import { FailureError } from '../../../daemon/shared/failure.js';
import { bundleWorker } from '../../images/support/bundle-worker.js';
import { ENGINE } from './open-engine.js';

export interface ImagesUnderTest {
  /** Resolves to what was said meanwhile. */
  ensure(request: Partial<ImageRequest> & { readonly reference: string }): Promise<readonly string[]>;
  /** The failure that it ends with. */
  failing(request: Partial<ImageRequest> & { readonly reference: string }): Promise<FailureError['failure']>;
  remove(): void;
}

/** The images room against an engine, with its child process compiled from the sources and a state folder of its own. */
export async function openImages(endpoint: string = ENGINE): Promise<ImagesUnderTest> {
  const stateDir = mkdtempSync(join(tmpdir(), 'ldt-stack-state-'));
  const worker = await bundleWorker();
  const quiet = (): void => undefined;
  const images = createImages({ endpoint, stateDir, worker, log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
  const ensure: ImagesUnderTest['ensure'] = async request => {
    const said: string[] = [];
    await images.ensure({ build: null, pull: 'missing', rebuild: false, ...request }, progress => said.push(imageProgressText(progress)));
    return said;
  };
  return {
    ensure,
    failing: async request => {
      const outcome = await ensure(request).catch((error: unknown) => error);
      if (outcome instanceof FailureError) return outcome.failure;
      throw new Error(`expected a failure, not ${String(outcome)}`);
    },
    remove: () => {
      rmSync(stateDir, { recursive: true, force: true });
      rmSync(worker, { force: true });
    },
  };
}
