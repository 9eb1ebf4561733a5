import type { ImageProgress, ImageRequest, Images, Log } from '../ports.js';
import { BASE_REFERENCE } from './base-reference.js';
import { engineAddress } from './endpoint.js';
import { ensureBuilt } from './ensure-built.js';
import { ensurePulled } from './ensure-pulled.js';
import { knownBuilds } from './known.js';
import { limiter, singleFlight } from './limits.js';
import { registryMemory } from './registry-memory.js';
import type { Room } from './room.js';
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
  const guard = registryMemory(() => performance.now());
  const room: Room = {
    engine: engineAddress(endpoint, process.env),
    log,
    known: knownBuilds(stateDir),
    run(job, tell) {
      const start = (): Promise<string> => atMostTwo(() => runJob(worker, endpoint, job, text => tell({ text })));
      return job.kind === 'pull' ? guard(job.reference, start) : start();
    },
    base: (rebuild, tell) =>
      once(`${BASE_REFERENCE} ${rebuild}`, tell, async heard => void (await room.run({ kind: 'base', rebuild }, heard))),
  };
  return {
    ensure: (request: ImageRequest, onProgress) => {
      if (request.build === null && request.reference === BASE_REFERENCE) return room.base(request.rebuild, onProgress);
      return once(`${request.reference} ${request.rebuild}`, onProgress, tell =>
        request.build ? ensureBuilt(room, request, request.build, tell) : ensurePulled(room, request, tell),
      );
    },
  };
}
