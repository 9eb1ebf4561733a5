/** The child process of runJob: one order, progress lines, one answer. It loads dockerode; the daemon never does for images. */
import type { ImageProgress } from '../model/image-progress.js';
import { FailureError, failure } from '../shared/failure.js';
import { makeBase } from './base/base.js';
import { buildImage, hashContext, tagImage } from './build/build.js';
import { type Engine, openEngine } from './engine.js';
import type { ImageJob, JobAnswer, Order } from './jobs.js';
import { pullImage } from './pull/pull.js';

const say = (answer: JobAnswer): Promise<void> => new Promise(resolve => process.send?.(answer, undefined, undefined, () => resolve()));
const report = (progress: ImageProgress): void => void say({ kind: 'progress', progress });

function run(engine: Engine, job: ImageJob): Promise<string> {
  switch (job.kind) {
    case 'pull':
      return pullImage(engine, job.reference, job.platform, report);
    case 'base':
      return makeBase(engine, job.rebuild, report);
    case 'build':
      return buildImage(engine, job, report);
    case 'tag':
      return tagImage(engine, job.imageId, job.reference);
    case 'quick-hash':
      return hashContext(job);
  }
}

// The daemon is gone: whatever is going on here is given up; the engine cancels a build whose connection closes.
process.on('disconnect', () => process.exit(1));

process.once('message', async ({ endpoint, job }: Order) => {
  try {
    await say({ kind: 'done', value: await run(openEngine(endpoint), job) });
  } catch (error) {
    const expected =
      error instanceof FailureError
        ? error.failure
        : failure('internal', error instanceof Error ? (error.stack ?? error.message) : String(error));
    await say({ kind: 'failed', failure: expected });
  }
  process.exit(0);
});
