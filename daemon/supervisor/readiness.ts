import { setTimeout as pause } from 'node:timers/promises';
import { canSleep, innerPorts } from '../core/doors.js';
import { FailureError } from '../core/failure.js';
import type { Healthcheck, Ms, ServiceSpec } from '../core/model.js';
import { isLive } from '../core/observe.js';
import type { ObservedContainer } from '../core/observed.js';
import { unready } from '../core/unready.js';
import { addressOf, reachedAt } from '../core/wiring.js';
import type { Question, UntilReady } from '../ports/doors.js';
import type { Clock, Containers } from '../ports.js';
import { lastCheck } from './last-check.js';

/** Between two checks: short at first, since a coarse poll dominates a cold start (facts/on-demand, trap 3). */
const FIRST_STEP: Ms = 20;
const MOST_STEP: Ms = 1_000;
const GROWTH = 1.4;
/** The engine's own default for one run of a health check. */
const CHECK_TIMEOUT: Ms = 30_000;

export interface ReadinessContext {
  readonly containers: Containers;
  readonly clock: Clock;
  readonly untilReady: UntilReady;
}

/** Between two looks whether the container still runs while it is asked in its protocol. */
const LOOK: Ms = 1_000;

/**
 * Waits until a service that somebody waits for is ready, asked in its protocol: an exec of its health check takes longer than a start
 * may. Others by their health check. Results as `byHealth`.
 */
export async function awaitReady(spec: ServiceSpec, first: ObservedContainer, context: ReadinessContext): Promise<boolean | null> {
  const question = questionFor(spec, first);
  return question === null ? byHealth(spec, first, context) : byProtocol(spec, first, question, context);
}

/** Null: its health check says more, or it never sleeps. */
function questionFor(spec: ServiceSpec, seen: ObservedContainer): Question | null {
  const [port] = innerPorts(spec);
  const target = port === undefined || !canSleep(spec) ? null : reachedAt(addressOf(seen), port);
  const { readyPath } = spec.activation;
  const hasCheck = (spec.container?.healthcheck ?? null) !== null || seen.health !== 'none';
  if (target === null || ((spec.protocol === 'http' || spec.protocol === 'tcp') && readyPath === null && hasCheck)) return null;
  return { protocol: spec.protocol, target, ...(readyPath === null ? {} : { path: readyPath }) };
}

async function byProtocol(
  spec: ServiceSpec,
  first: ObservedContainer,
  question: Question,
  context: ReadinessContext,
): Promise<boolean | null> {
  const ending = new AbortController();
  const late = AbortSignal.timeout(spec.startTimeout);
  let runs = true;
  const look = setInterval(async () => {
    const seen = await context.containers.inspect(first.id).catch(() => first);
    if (seen && isLive(seen)) return;
    runs = false;
    ending.abort();
  }, LOOK);
  try {
    if (await context.untilReady(question, AbortSignal.any([ending.signal, late]))) return true;
    if (!runs) return null;
    throw new FailureError(unready(spec.name, spec.startTimeout, null));
  } finally {
    clearInterval(look);
  }
}

/**
 * Waits until the container is ready: its health check passes once, run by us, since the engine's own interval is far too
 * coarse for a start (and Podman without systemd never runs it). `first` is how it was a moment ago: another look would tell nothing
 * new of a container without a check. True: checked. False: there is no check, it counts as ready.
 * Null: it does not run any more, which the engine's event tells. Fails with unhealthy when startTimeout is over.
 */
async function byHealth(spec: ServiceSpec, first: ObservedContainer, { containers, clock }: ReadinessContext): Promise<boolean | null> {
  const { id } = first;
  const check = spec.container?.healthcheck ?? null;
  const command = check === null ? null : commandOf(check);
  if (!command && isLive(first) && first.health === 'none') return false;
  const deadline = clock.now() + spec.startTimeout;
  let lastExit: number | null = null;
  for (let step = FIRST_STEP; clock.now() < deadline; step = Math.min(MOST_STEP, step * GROWTH)) {
    if (command) {
      const left = Math.max(1_000, Math.min(check?.timeout ?? CHECK_TIMEOUT, deadline - clock.now()));
      lastExit = await containers.probe(id, command, left).catch(() => null);
      if (lastExit === 0) return true;
    }
    const seen = await containers.inspect(id);
    if (!seen || !isLive(seen)) return null;
    if (seen.health === 'healthy') return true;
    if (!command && seen.health === 'none') return false;
    await pause(step);
  }
  const last = command ? await lastCheck(containers, id, command, lastExit) : null;
  throw new FailureError(unready(spec.name, spec.startTimeout, last));
}

/** Null: the check is off, or the image's own, which only the engine knows. */
function commandOf({ test }: Healthcheck): readonly string[] | null {
  const [kind, ...rest] = test;
  if (kind === 'CMD') return rest;
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', rest.join(' ')] : null;
}
