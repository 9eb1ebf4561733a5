import { fullReference } from '../model/image-builds.js';
import type { ImageProgress } from '../model/image-progress.js';
import type { ImageRequest, Images, Log } from '../ports/ports.js';
import { BASE_REFERENCE } from './base/base-reference.js';
import { Waits } from './build/build-waits.js';
import { ensureBuilt } from './build/ensure-built.js';
import type { ImageContext } from './context.js';
import { engineAddress } from './endpoint.js';
import { knownBuilds } from './known-builds.js';
import { limiter, singleFlight } from './limits.js';
import { ensurePulled } from './pull/ensure-pulled.js';
import { registryMemory } from './pull/registry-memory.js';
import { runJob, WORKER } from './run-job.js';

export interface ImagesOptions {
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
  const room: ImageContext = {
    engine: engineAddress(endpoint, process.env),
    log,
    known: knownBuilds(stateDir),
    run(job, tell) {
      const start = (): Promise<string> => atMostTwo(() => runJob(worker, endpoint, job, tell));
      return job.kind === 'pull' ? guard(job.reference, start) : start();
    },
    base: (rebuild, tell) =>
      once(`${BASE_REFERENCE} ${rebuild}`, tell, async heard => void (await room.run({ kind: 'base', rebuild }, heard))),
    first: (of, reference, tell) =>
      waits.during(fullReference(of.reference), fullReference(reference), () =>
        ensure({ ...of, reference, build: null, pull: 'missing', rebuild: false }, tell),
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
    if (build === null && request.reference === BASE_REFERENCE) return room.base(request.rebuild, onProgress);
    const whole = { ...request, platform: request.build ? (request.platform ?? null) : (shared?.platform ?? request.platform ?? null) };
    return once(`${name} ${request.rebuild}`, onProgress, tell =>
      build ? ensureBuilt(room, whole, build, tell) : ensurePulled(room, whole, tell),
    );
  };
  return { ensure };
}
