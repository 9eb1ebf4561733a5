import { FailureError, failure } from '../../shared/failure.js';
import type { ReportProgress } from '../context.js';
import { type Engine, followBuild } from '../engine.js';
import { inspectImage } from '../inspect.js';
import { registryCredentials } from './credentials.js';
import { pullFailure, registryOf } from './registry.js';

/** How long a registry may take to say its first word, in ms. An engine by itself tries for a minute and more. */
const FIRST_WORD = 6_000;
/** How long a pull may stand still, in ms. */
const STANDSTILL = 90_000;

/** Pulls an image; resolves to its id. A registry that does not answer is known after 6 s: image-missing, with what to do. */
export async function pullImage(engine: Engine, reference: string, platform: string | null, report: ReportProgress): Promise<string> {
  const patience = new Patience(FIRST_WORD);
  const layers = new Map<string, boolean>();
  const error = await pull(engine, reference, platform, patience, line => {
    // Podman says "Trying to pull" before it has tried
    if (!line.status || line.status.startsWith('Trying to pull')) return;
    patience.renew(STANDSTILL);
    if (!line.id || !/Pulling fs layer|Pull complete|Already exists|Download complete/.test(line.status)) return;
    const done = /Pull complete|Already exists/.test(line.status);
    if (layers.get(line.id) === done) return;
    layers.set(line.id, done);
    report({ step: 'pull', reference, layers: { done: [...layers.values()].filter(Boolean).length, of: layers.size } });
  });
  patience.end();
  if (error !== null) throw new FailureError(pullFailure(reference, error));
  const image = await inspectImage(engine.address, reference);
  if (!image)
    throw new FailureError(
      failure('engine-error', `the engine says that it pulled ${reference}, but has no image of that name`, { reference }),
    );
  return image.id;
}

async function pull(
  { docker }: Engine,
  reference: string,
  platform: string | null,
  patience: Patience,
  hear: Parameters<typeof followBuild>[2],
): Promise<string | null> {
  const named = /[:@][^/]*$/.test(reference) ? reference : `${reference}:latest`;
  const authconfig = await registryCredentials(registryOf(reference));
  try {
    const stream = await docker.pull(named, {
      abortSignal: patience.signal,
      ...(platform && { platform }),
      ...(authconfig && { authconfig }),
    });
    return await Promise.race([followBuild(docker, stream, hear), patience.over]);
  } catch (error) {
    return patience.signal.aborted ? patience.over : error instanceof Error ? error.message : String(error);
  }
}

/** A deadline that every sign of life moves. */
class Patience {
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  readonly signal = this.#abort.signal;
  readonly over: Promise<string>;
  constructor(ms: number) {
    this.over = new Promise(resolve => {
      this.signal.addEventListener('abort', () => resolve(String(this.signal.reason)), { once: true });
    });
    this.renew(ms);
  }
  renew(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(`timed out: nothing heard for ${ms / 1000} s`), ms);
  }
  end(): void {
    clearTimeout(this.#timer);
  }
}
