import { setTimeout as pause } from 'node:timers/promises';
import { canSleep, innerPorts, tcpPortsOf } from '../../model/listeners.js';
import type { ContainerCheck, ObservedContainer } from '../../model/observed.js';
import { isCertain, speechOf } from '../../model/protocols.js';
import { type Answered, CHECKED, type Readiness } from '../../model/readiness.js';
import type { Protocol, ServiceSpec } from '../../model/spec.js';
import { type LastCheck, unready } from '../../model/unready.js';
import type { ProbeOutcome, ProbeQuestion, Target, UntilReady } from '../../ports/listeners.js';
import type { Clock, Containers } from '../../ports/ports.js';
import { isLive } from '../../scheduler/lifecycle/adoption.js';
import { addressOf, reachedDirectly } from '../../scheduler/state/wiring.js';
import { type Failure, FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';

/** What a check prints beyond this is not kept, bytes; nor what it prints later, ms. */
const MOST = 16 * 1024;
const PATIENCE: Ms = 3_000;

/** Runs a health check that has failed once more, for what it says. */
async function lastCheck(
  containers: Pick<Containers, 'exec'>,
  container: string,
  command: readonly string[],
  exit: number | null,
): Promise<LastCheck> {
  let said = '';
  try {
    const session = await containers.exec(container, { command, tty: false, user: null, workingDir: null, environment: {} });
    const timer = setTimeout(() => session.close(), PATIENCE);
    try {
      for await (const { data } of session.output) {
        said += Buffer.from(data).toString('utf8');
        if (said.length > MOST) break;
      }
      return { command, exit: await session.exitCode(), said };
    } finally {
      clearTimeout(timer);
      session.close();
    }
  } catch (error) {
    // Podman refuses an exec whose program is not there.
    return { command, exit, said: said || (error instanceof Error ? error.message : '') };
  }
}

/** Between two checks: short at first, since a coarse poll dominates a cold start (docs/design/activation.md, "Readiness"). */
const FIRST_STEP: Ms = 20;
const MOST_STEP: Ms = 1_000;
const GROWTH = 1.4;
/** The engine's own defaults for a health check (Docker's documentation of HEALTHCHECK). */
const CHECK = { interval: 30_000, timeout: 30_000, startPeriod: 0, retries: 3 };
/** Between two looks whether the container still runs while its ports are asked. */
const LOOK: Ms = 1_000;
/** Once one port answers, the others have as long again as it took, and at least this, before the service counts as ready without them. */
const STRAGGLERS: Ms = 1_000;
/**
 * A service that cannot sleep, that does no work (less than 2 % of a core) for this long, and at none of whose ports
 * anything listens, is not about to listen: it runs. A container to work in (`sleep infinity`), a worker of a web server's image.
 */
const RESTING: Ms = 5_000;
const RESTING_SHARE = 0.02;

export interface ReadinessContext {
  readonly containers: Pick<Containers, 'inspect' | 'probe' | 'exec'>;
  readonly clock: Clock;
  readonly untilReady: UntilReady;
  /** Container ports at which clients wait for the service now. */
  readonly awaited: () => ReadonlySet<number>;
  /** What a port was heard to speak in an earlier run. */
  readonly heard: (port: number) => Protocol | undefined;
  /** CPU time of a container so far, ns; null: not known. */
  readonly cpu: (container: ObservedContainer) => number | null;
  /** Whether an address is one of this machine's. */
  readonly isLocal: (address: string) => Promise<boolean>;
  /** Resolves after so long, or once the signal aborts. */
  readonly sleep: (ms: Ms, signal?: AbortSignal) => Promise<void>;
}

/**
 * Waits until a service is ready: asked for the path that its profile names; or by its health check, the file's or its image's, run by us; or
 * at its ports, each in its protocol. PostgreSQL and Redis that somebody waits for are asked at their port although they have a check: an
 * exec of it takes longer than a start may. Null: it does not run any more, which the engine's event tells. Fails with unhealthy
 * when startTimeout is over and a person has said, by a check, a path, or a connection, that it must answer.
 */
export async function awaitReady(spec: ServiceSpec, first: ObservedContainer, context: ReadinessContext): Promise<Readiness | null> {
  if (!isLive(first)) return null;
  const seen = await asReached(first, context);
  const { check } = seen;
  const ports = portsToAsk(spec, seen);
  const speech = (port: number) => speechOf(spec, port, context.heard(port));
  const isQuick = canSleep(spec) && ports.some(port => ['postgres', 'redis'].includes(speech(port).protocol) && isCertain(speech(port)));
  const { readyPath } = spec.activation;
  if (readyPath !== null) {
    const web = ports.find(port => speech(port).protocol === 'http' || speech(port).protocol === 'tls') ?? ports[0];
    const target = web === undefined ? null : questionsAt(seen, web)[0];
    if (web !== undefined && target) return byPorts(spec, seen, [web], true, context);
  }
  if (check !== null && !isQuick) return byCheck(spec, seen, check, context);
  if (ports.length > 0) return byPorts(spec, seen, ports, false, context);
  return { kind: 'unprobed', why: whyUnprobed(spec, seen) };
}

function whyUnprobed(spec: ServiceSpec, seen: ObservedContainer): string {
  const mode = spec.container?.networkMode ?? null;
  if (mode !== null) return `it has no health check, and network_mode: ${mode} leaves no port to ask`;
  return innerPorts(spec).length > 0 || seen.exposed.length > 0
    ? 'it has no health check, and its ports cannot be reached from here'
    : 'it has no health check and no TCP port';
}

/**
 * Those that the file names; else the usual one of its protocol; else those that the image exposes, unless the file has it run something
 * else than the image does: that may not listen at all. Only such as can be reached.
 */
function portsToAsk(spec: ServiceSpec, seen: ObservedContainer): readonly number[] {
  const { container } = spec;
  const named = tcpPortsOf(container);
  const usual = named.length > 0 ? named : innerPorts(spec);
  const isImages = container !== null && container.networkMode === null && container.command === null && container.entrypoint === null;
  const ports = usual.length > 0 ? usual : isImages ? seen.exposed : [];
  return container?.networkMode === null ? ports.filter(port => questionsAt(seen, port).length > 0) : [];
}

/**
 * Where a port is asked: at the container's own address, where a refusal is final, and at the one that the engine publishes, where somebody may
 * accept for nobody. One of the two may lead nowhere from here (Docker Desktop, a container without a published port).
 */
function questionsAt(seen: ObservedContainer, port: number): readonly { readonly target: Target; readonly proxied: boolean }[] {
  const { direct, published } = reachedDirectly(addressOf(seen), port);
  return [...(direct ? [{ target: direct, proxied: false }] : []), ...(published ? [{ target: published, proxied: true }] : [])];
}

/** A ReadinessContext's sleep by the clock of this machine. */
export async function sleepInRealTime(ms: Ms, signal?: AbortSignal): Promise<void> {
  await pause(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
}

/** Its own address counts where its network is this machine's: elsewhere another machine may have it. */
async function asReached(seen: ObservedContainer, { isLocal }: Pick<ReadinessContext, 'isLocal'>): Promise<ObservedContainer> {
  const isDirect = seen.gateway !== null && (await isLocal(seen.gateway));
  return isDirect ? seen : { ...seen, ip: null };
}

/** What is known of one port while it is asked. */
interface Asked {
  readonly port: number;
  last: ProbeOutcome | null;
}

async function byPorts(
  spec: ServiceSpec,
  seen: ObservedContainer,
  ports: readonly number[],
  asPath: boolean,
  context: ReadinessContext,
): Promise<Readiness | null> {
  const { clock } = context;
  const begin = clock.now();
  const ending = new AbortController();
  const asked: Asked[] = ports.map(port => ({ port, last: null }));
  const answered: Answered[] = [];
  let firstAt: Ms | null = null;
  let wake: () => void = () => undefined;
  for (const each of asked) {
    void askPort(spec, seen, each, asPath, context, ending.signal).then(outcome => {
      each.last = outcome;
      if (outcome.ready) answered.push({ port: each.port, protocol: outcome.protocol });
      firstAt ??= outcome.ready ? clock.now() : null;
      wake();
    });
  }
  const resting = restWatch(seen, context);
  let rests = false;
  // What may sleep is used through its ports: they must answer.
  const must = asPath || canSleep(spec);
  try {
    for (let lookAt = begin + LOOK; ; ) {
      const now = clock.now();
      const awaited = context.awaited();
      const isAwaited = answered.some(({ port }) => awaited.has(port));
      const isLate = firstAt !== null && now - firstAt >= Math.max(STRAGGLERS, firstAt - begin);
      if (isAwaited || answered.length === asked.length || isLate) return answeredBy(asked, answered);
      if (now - begin >= spec.startTimeout) return unanswered(spec, asked, answered, must || awaited.size > 0);
      const isNobodyThere = asked.every(({ last }) => last?.ready === false && !last.listens);
      if (rests && awaited.size === 0 && !must && isNobodyThere) return unanswered(spec, asked, answered, false);
      if (now >= lookAt) {
        const found = await context.containers.inspect(seen.id).catch(() => seen);
        if (!found || !isLive(found)) return null;
        lookAt = clock.now() + LOOK;
        rests = resting(clock.now());
      }
      const until = Math.min(
        lookAt,
        begin + spec.startTimeout,
        firstAt === null ? Infinity : firstAt + Math.max(STRAGGLERS, firstAt - begin),
      );
      const answer = new AbortController();
      wake = () => answer.abort();
      await context.sleep(Math.max(1, until - clock.now()), answer.signal);
    }
  } finally {
    ending.abort();
  }
}

function answeredBy(asked: readonly Asked[], answered: readonly Answered[]): Readiness {
  const silent = asked.filter(({ port }) => !answered.some(each => each.port === port)).map(({ port }) => port);
  return { kind: 'answered', ports: [...answered].sort((a, b) => a.port - b.port), silent };
}

/** Nothing has answered in time. Where only a guess says that it should, the service goes on as it is. */
function unanswered(spec: ServiceSpec, asked: readonly Asked[], answered: readonly Answered[], must: boolean): Readiness {
  if (answered.length > 0) return answeredBy(asked, answered);
  const whys = [...new Set(asked.flatMap(({ last }) => (last?.ready === false ? [last.why] : [])))];
  const written = asked.find(({ port, last }) => last?.ready === false && last.listens && speechOf(spec, port).source === 'written');
  const why = whys.join('; ') || `nothing listens on ${asked.map(({ port }) => port).join(', ')}`;
  if (!must && written === undefined) return { kind: 'unready', why };
  const better = asked.flatMap(({ port, last }) => {
    const speaks = last?.ready === false ? last.speaks : null;
    if (speaks === null || speaks === speechOf(spec, port).protocol) return [];
    return [`ports: { ${port}: { protocol: ${speaks} } } in its profile says what port ${port} speaks`];
  });
  throw new FailureError(notReady(spec, why, better));
}

/** Asks one port wherever it may be reached, until one of these answers. */
async function askPort(
  spec: ServiceSpec,
  seen: ObservedContainer,
  each: { readonly port: number; last: ProbeOutcome | null },
  asPath: boolean,
  { untilReady, heard }: Pick<ReadinessContext, 'untilReady' | 'heard'>,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const speech = speechOf(spec, each.port, heard(each.port));
  // A path is asked for by HTTP; a server of another kind is found out by the answer.
  const protocol = asPath && speech.protocol !== 'tls' ? 'http' : speech.protocol;
  const won = new AbortController();
  const either = AbortSignal.any([signal, won.signal]);
  const asking = questionsAt(seen, each.port).map(async ({ target, proxied }) => {
    const question: ProbeQuestion = {
      protocol,
      target,
      proxied,
      guessed: speech.source !== 'written',
      ...(asPath ? { path: spec.activation.readyPath ?? '/' } : {}),
    };
    const outcome = await untilReady(question, either, last => {
      if (!proxied || each.last === null) each.last = last;
    });
    if (outcome.ready) won.abort();
    return outcome;
  });
  const outcomes = await Promise.all(asking);
  return outcomes.find(({ ready }) => ready) ?? each.last ?? outcomes[0] ?? NOWHERE;
}

const NOWHERE: ProbeOutcome = { ready: false, why: 'it cannot be reached from here', listens: false, speaks: null };

/** Tells whether a container has done next to nothing for a while; never where that cannot be known. */
function restWatch(seen: ObservedContainer, { cpu }: ReadinessContext): (now: Ms) => boolean {
  let since: { readonly at: Ms; readonly cpu: number | null } | null = null;
  return now => {
    since ??= { at: now, cpu: cpu(seen) };
    if (now - since.at < RESTING) return false;
    const next = { at: now, cpu: cpu(seen) };
    const worked = next.cpu === null || since.cpu === null ? Infinity : (next.cpu - since.cpu) / 1e6;
    const rested = worked < RESTING_SHARE * (next.at - since.at);
    since = next;
    return rested;
  };
}

/**
 * Runs the health check until it passes once: the engine's own interval is far too coarse for a start, and Podman without systemd never runs
 * it. An image's check that allows more time than startTimeout gets it: nobody has set that for this image.
 */
async function byCheck(
  spec: ServiceSpec,
  { id }: ObservedContainer,
  check: ContainerCheck,
  { containers, clock, sleep }: ReadinessContext,
): Promise<Readiness | null> {
  const deadline = clock.now() + Math.max(spec.startTimeout, isImages(spec) ? patienceOf(check) : 0);
  let lastExit: number | null = null;
  for (let step = FIRST_STEP; clock.now() < deadline; step = Math.min(MOST_STEP, step * GROWTH)) {
    const left = Math.max(1_000, Math.min(check.timeout ?? CHECK.timeout, deadline - clock.now()));
    lastExit = await containers.probe(id, check.command, left).catch(() => null);
    if (lastExit === 0) return CHECKED;
    const seen = await containers.inspect(id);
    if (!seen || !isLive(seen)) return null;
    if (seen.health === 'healthy') return CHECKED;
    await sleep(step);
  }
  throw new FailureError(unready(spec.name, spec.startTimeout, await lastCheck(containers, id, check.command, lastExit)));
}

function isImages(spec: ServiceSpec): boolean {
  return (spec.container?.healthcheck?.test ?? []).length === 0;
}

/** How long the check itself is patient with a container that has just started. */
function patienceOf({ interval, timeout, startPeriod, retries }: ContainerCheck): Ms {
  const rounds = Math.max(1, retries ?? CHECK.retries);
  return (startPeriod ?? CHECK.startPeriod) + rounds * ((interval ?? CHECK.interval) + (timeout ?? CHECK.timeout));
}

function notReady(spec: ServiceSpec, why: string, remedies: readonly string[]): Failure {
  const text = `${spec.name} was not healthy within ${Math.round(spec.startTimeout / 1000)} s: ${why}. It was stopped.`;
  return failure('unhealthy', text, { startTimeout: spec.startTimeout, checkExit: null }, remedies.length > 0 ? remedies : undefined);
}
