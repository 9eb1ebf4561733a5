import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fullReference } from '../model/image-builds.js';
import type { ImageProgress } from '../model/image-progress.js';
import type { ImageRequest, Images, Log } from '../ports/ports.js';
import { FailureError, failure } from '../shared/failure.js';
import { parseFailure } from '../shared/parse-failure.js';
import { BASE_REFERENCE } from './base/base-reference.js';
import { ensureBuilt } from './build/ensure-built.js';
import type { ImageContext, ReportProgress } from './context.js';
import { engineAddress } from './endpoint.js';
import { inspectImage } from './inspect.js';
import type { ImageJob, JobAnswer, Order } from './jobs.js';
import { knownBuilds } from './known-builds.js';
import { limiter, singleFlight } from './limits.js';
import { isUnanswered, registryOf, unanswered } from './pull/registry.js';

/** The program of the child process, compiled. */
const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

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

/** How long a registry that did not answer is taken for unreachable, in ms. */
const FORGET_AFTER = 30_000;

/**
 * Remembers for half a minute which registry did not answer, so that a project of ten images waits for it once, not ten times.
 */
export function registryMemory(now: () => number) {
  const silent = new Map<string, number>();
  return async (reference: string, pull: () => Promise<string>): Promise<string> => {
    const registry = registryOf(reference);
    const since = silent.get(registry);
    if (since !== undefined && now() - since < FORGET_AFTER) {
      const seconds = Math.round((now() - since) / 1000);
      throw new FailureError(unanswered(reference, `timed out ${seconds} s ago; it is asked again after ${FORGET_AFTER / 1000} s`));
    }
    try {
      const value = await pull();
      silent.delete(registry);
      return value;
    } catch (error) {
      if (error instanceof FailureError && isUnanswered(error.failure)) silent.set(registry, now());
      throw error;
    }
  };
}

/** Which build waits for which: one that would wait for itself in the end is a failure, not a wait. */
export class Waits {
  private readonly waits = new Map<string, string>();

  /** Runs `wait` while `from` counts as waiting for `to`. */
  async during<T>(from: string, to: string, wait: () => Promise<T>): Promise<T> {
    const circle = [from];
    for (let at: string | undefined = to; at !== undefined; at = this.waits.get(at)) {
      circle.push(at);
      if (at !== from) continue;
      const message = `${from} cannot be built: images are built upon each other in a circle: ${circle.join(' → ')}`;
      throw new FailureError(
        failure('image-build-failed', message, { reference: from, circle }, [
          'Let one of them start from an image that the project does not build.',
        ]),
      );
    }
    this.waits.set(from, to);
    try {
      return await wait();
    } finally {
      this.waits.delete(from);
    }
  }
}

interface ImagesOptions {
  /** `unix:///path` or a TCP address. */
  readonly endpoint: string;
  readonly stateDir: string;
  readonly log: Log;
  /** Compiled program of the child process; tests bring their own. */
  readonly worker?: string;
}

/** Images of one engine. Nothing heavy happens in this process: see runJob. */
export function createImages({ endpoint, stateDir, log, worker = WORKER }: ImagesOptions): Images {
  const atMostTwo = limiter(2);
  const once = singleFlight<ImageProgress>();
  const waits = new Waits();
  const definitions = new Map<string, Promise<string | null>>();
  const guard = registryMemory(() => performance.now());
  const context: ImageContext = {
    engine: engineAddress(endpoint, process.env),
    log,
    known: knownBuilds(stateDir),
    run(job, report) {
      const start = (): Promise<string> => atMostTwo(() => runJob(worker, endpoint, job, report));
      return job.kind === 'pull' ? guard(job.reference, start) : start();
    },
    base: (rebuild, report) =>
      once(`${BASE_REFERENCE} ${rebuild}`, report, async heard => void (await context.run({ kind: 'base', rebuild }, heard))),
    first: (of, reference, report) =>
      waits.during(fullReference(of.reference), fullReference(reference), () =>
        ensure({ ...of, reference, build: null, pull: 'missing', rebuild: false }, report),
      ),
    alone(quick, build) {
      const before = definitions.get(quick) ?? Promise.resolve(null);
      const built = before.then(build);
      // A build that failed leaves what was known.
      definitions.set(
        quick,
        built.catch(() => before),
      );
      return built;
    },
  };
  const ensure: Images['ensure'] = (request: ImageRequest, onProgress) => {
    const name = fullReference(request.reference);
    const shared = (request.project ?? []).find(image => fullReference(image.reference) === name);
    const build = request.build ?? shared?.build ?? null;
    if (build === null && request.reference === BASE_REFERENCE) return context.base(request.rebuild, onProgress);
    const whole = { ...request, platform: request.build ? (request.platform ?? null) : (shared?.platform ?? request.platform ?? null) };
    return once(`${name} ${request.rebuild}`, onProgress, report =>
      build ? ensureBuilt(context, whole, build, report) : ensurePulled(context, whole, report),
    );
  };
  return { ensure };
}

/** For a service without a build: uses the image that is here, pulls it where its policy says so. */
async function ensurePulled(context: ImageContext, request: ImageRequest, report: ReportProgress): Promise<void> {
  const { reference, pull, platform = null } = request;
  if (pull !== 'always' && (await inspectImage(context.engine, reference))) return;
  if (pull === 'never') {
    throw new FailureError(
      failure('image-missing', `${reference} is not on this machine, and pull_policy is never`, { reference, reason: 'never' }, [
        `docker pull ${reference}, or docker load -i FILE, or another pull_policy.`,
      ]),
    );
  }
  report({ step: 'pull', reference, layers: null });
  await context.run({ kind: 'pull', reference, platform }, report);
  context.log.info({ reference }, 'image pulled');
}
