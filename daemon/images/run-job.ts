import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ImageProgress } from '../model/image-progress.js';
import { FailureError, failure } from '../shared/failure.js';
import { parseFailure } from '../shared/parse-failure.js';
import type { ImageJob, JobAnswer, Order } from './jobs.js';

/** The program of the child process, compiled. */
export const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/**
 * Runs one job in a child process, so that dockerode and the memory of a build never become the daemon's. Resolves to the job's
 * value; rejects with its failure, or with `internal` when the child ends without an answer. The child ends when this
 * process does: its end of the channel closes.
 */
export function runJob(worker: string, endpoint: string, job: ImageJob, onProgress: (progress: ImageProgress) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    // --no-warnings: a warning of Node on stderr is nobody's business here; stderr is kept for the message of a crash.
    const child = fork(worker, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: ['--no-warnings'] });
    let last = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      last = (last + text).slice(-2_000);
    });
    child.on('message', (message: JobAnswer) => {
      if (message.kind === 'progress') onProgress(message.progress);
      else if (message.kind === 'done') resolve(message.value);
      else reject(new FailureError(parseFailure(message.failure)));
    });
    child.on('error', reject);
    // After an answer this changes nothing: a promise is settled once.
    child.on('close', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with ${code}`;
      const message = `the process that builds images ${how} before it was done${last ? `: ${last.trim()}` : ''}`;
      reject(new FailureError(failure('internal', message, { job: job.kind })));
    });
    child.send({ endpoint, job } satisfies Order);
  });
}
