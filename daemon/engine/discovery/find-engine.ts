import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type Failure, FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { socketReason } from '../client/classify.js';
import { parseEndpoint, type TlsMaterial } from '../client/endpoint.js';
import type { EndpointCandidate, HostSurroundings, Strategy } from './candidate.js';
import { fromDockerContext } from './docker-context.js';
import { fromDockerDesktop, fromDockerEngine, fromEnvironment, fromPodman, fromRancherDesktop } from './strategies.js';

export type EngineKind = 'docker' | 'podman';

export interface FindOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Prefix of every path; for tests. */
  readonly root?: string;
  readonly uid: number;
  /** `--engine`; null: whatever answers first. It wins over the environment. */
  readonly choice: EngineKind | null;
}

/** A place that was looked at and is not it. */
export interface Attempt {
  readonly source: string;
  readonly endpoint: string;
  readonly reason: string;
}

export interface FoundEngine {
  readonly endpoint: string;
  readonly kind: EngineKind;
  readonly tls: TlsMaterial | null;
  readonly source: string;
}
type EngineSearch =
  | { readonly found: FoundEngine; readonly failure: null; readonly tried: readonly Attempt[] }
  | { readonly found: null; readonly failure: Failure; readonly tried: readonly Attempt[] };

/** How long an engine has to answer, in ms; one that the user named has longer: there is nothing else to try, and a busy one is late. */
const PING_LIMIT = 2000;
const NAMED_LIMIT = 10_000;

const DOCKER: readonly Strategy[] = [fromDockerContext, fromDockerEngine, fromDockerDesktop, fromRancherDesktop];
const PODMAN: readonly Strategy[] = [fromPodman];

/**
 * The first engine that answers: environment, Docker context, Docker Engine, Docker Desktop, Rancher Desktop, Podman. All places
 * are asked at once, so that hung ones cost 2 s together. One that the user named and that does not answer in 10 s is a failure.
 */
export async function findEngine(options: FindOptions): Promise<EngineSearch> {
  const enough = new AbortController();
  try {
    return await search(options, enough.signal);
  } catch (error) {
    if (error instanceof FailureError) return { found: null, failure: error.failure, tried: [] };
    throw error;
  } finally {
    enough.abort();
  }
}

async function search(options: FindOptions, signal: AbortSignal): Promise<EngineSearch> {
  const surroundings: HostSurroundings = { ...options, root: options.root ?? '' };
  const choice = options.choice ?? wordChoice(options.env['LAPTOP_DEV_ENGINE']);
  const strategies = [fromEnvironment, ...(choice === 'podman' ? [] : DOCKER), ...(choice === 'docker' ? [] : PODMAN)];
  const candidates = withoutDoubles(strategies.flatMap(strategy => strategy(surroundings)));
  const pings = candidates.map(({ endpoint, tls, explicit }) => ping(endpoint, tls, explicit ? NAMED_LIMIT : PING_LIMIT, signal));
  const tried: Attempt[] = [];
  for (const [index, candidate] of candidates.entries()) {
    const answer: Ping = (await pings[index]) ?? { reason: 'not asked' };
    if ('kind' in answer && (choice === null || answer.kind === choice)) {
      const { endpoint, tls, source } = candidate;
      return { found: { endpoint, kind: answer.kind, tls, source }, failure: null, tried };
    }
    const reason = 'kind' in answer ? `is ${answer.kind}, and ${choice} was asked for` : answer.reason;
    tried.push({ source: candidate.source, endpoint: candidate.endpoint, reason });
    if (candidate.explicit && !('kind' in answer)) return { found: null, failure: notAnswering(candidate, reason, tried), tried };
  }
  return { found: null, failure: noneFound(choice, tried), tried };
}

/** LAPTOP_DEV_ENGINE may name the product instead of a place. */
function wordChoice(text: string | undefined): EngineKind | null {
  return text === 'docker' || text === 'podman' ? text : null;
}

/** /var/run is often a link to /run: the same socket by two names costs two lines in an error, nothing else. */
function withoutDoubles(candidates: readonly EndpointCandidate[]): EndpointCandidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ endpoint }) => !seen.has(endpoint) && seen.add(endpoint));
}

function notAnswering(candidate: EndpointCandidate, reason: string, tried: readonly Attempt[]): Failure {
  return failure(
    'engine-unavailable',
    `The engine named by ${candidate.source} (${candidate.endpoint}) does not answer: ${reason}`,
    { tried },
    [`Start that engine, or correct ${candidate.source}`],
  );
}

function noneFound(choice: EngineKind | null, tried: readonly Attempt[]): Failure {
  const lines = tried.map(({ source, endpoint, reason }) => `  ${source}: ${endpoint}: ${reason}`);
  return failure('engine-unavailable', [`No ${choice ?? 'container'} engine answers`, ...lines].join('\n'), { choice, tried });
}

type Ping = { readonly kind: EngineKind } | { readonly reason: string };

/** Asks GET /_ping, with plain node:http so that a CLI that only looks for the engine loads no client. Never rejects; `signal` ends it early. */
function ping(endpoint: string, tls: TlsMaterial | null, limit: Ms, signal: AbortSignal): Promise<Ping> {
  const address = parseEndpoint(endpoint);
  if ('code' in address) return Promise.resolve({ reason: address.message });
  const target = address.scheme === 'unix' ? { socketPath: address.socketPath } : { host: address.host, port: address.port, ...tls };
  return new Promise(resolve => {
    const request = (tls ? httpsRequest : httpRequest)({
      ...target,
      path: '/_ping',
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]),
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve({ reason: reasonOf(error, limit) }));
    request.on('response', response => {
      response.resume();
      const { headers, statusCode = 0 } = response;
      const engine = statusCode === 200 && headers['api-version'] !== undefined;
      const podman = headers['libpod-api-version'] !== undefined || /libpod/i.test(String(headers.server));
      resolve(engine ? { kind: podman ? 'podman' : 'docker' } : { reason: `answers, but not as an engine does (HTTP ${statusCode})` });
    });
    request.end();
  });
}

function reasonOf(error: NodeJS.ErrnoException, limit: Ms): string {
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer within ${limit / 1000} s`;
  return error.code ? socketReason(error.code) : error.message;
}
