import type { NoticeContent } from '../../api/notice.js';
import type { BuiltImage } from '../../model/image-builds.js';
import type { ObservedContainer } from '../../model/observed.js';
import type { Protocol, ServiceId, ServiceSpec } from '../../model/spec.js';
import type { UntilReady } from '../../ports/listeners.js';
import type { Clock, Containers, Images, Log } from '../../ports/ports.js';
import type { ReclaimCache } from '../../ports/reclaim.js';
import { isAdopted, isLive } from '../../scheduler/lifecycle/adoption.js';
import type { Event } from '../../scheduler/state/event.js';
import type { Step, StepOf } from '../../scheduler/state/step.js';
import type { Bytes } from '../../shared/bytes.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { toFailure } from '../../shared/to-failure.js';
import type { ListenerManager } from '../endpoints/listener-manager.js';
import type { Redirector } from '../endpoints/redirector.js';
import { type Launched, launch } from './launch.js';
import type { MemoryRequestFollower } from './memory-reports.js';
import { refuseGoneContext } from './moved-folder.js';
import { awaitReady, sleepInRealTime } from './readiness.js';

export interface Effects {
  readonly containers: Containers;
  readonly images: Images;
  /** What a project builds. */
  readonly builds: (project: string) => readonly BuiltImage[];
  readonly clock: Clock;
  readonly log: Log;
  readonly post: (event: Event) => void;
  readonly tell: (spec: ServiceSpec, content: NoticeContent) => void;
  /** The world's version now. */
  readonly version: () => number;
  readonly persist: () => void;
  readonly listeners: ListenerManager;
  readonly redirector: Redirector;
  readonly memoryRequests: MemoryRequestFollower;
  /** Bytes that a running service uses now; null: it cannot be measured. */
  readonly workingSet: (id: ServiceId) => Bytes | null;
  readonly untilReady: UntilReady;
  /** What a port of a service was heard to speak before. */
  readonly heard: (id: ServiceId, port: number) => Protocol | undefined;
  /** CPU time of a container so far, ns; null: it cannot be measured. `forget` it when it does not become a service that runs. */
  readonly cpu: (container: ObservedContainer) => number | null;
  readonly forget: (container: string) => void;
  readonly isLocal: (address: string) => Promise<boolean>;
  readonly reclaimCache: ReclaimCache;
  /** A service is between its admission and ready. */
  readonly isAnyStarting: () => boolean;
}

type Executors = { readonly [K in Step['kind']]: (step: StepOf<K>, effects: Effects) => Promise<void> | void };

/** Carries out a step; what became of it is posted. A failure is a result, so nothing is thrown from here. */
export function execute(step: Step, effects: Effects): void {
  effects.log.debug({ step: step.kind, id: 'id' in step ? step.id : undefined }, 'step');
  const run = EXECUTORS[step.kind] as (step: Step, effects: Effects) => Promise<void> | void;
  void Promise.resolve(run(step, effects)).catch(error => effects.log.error({ err: error, step: step.kind }, 'a step failed by a bug'));
}

/** From the stop signal to the kill of a container that should not run at all. */
const SURPLUS_STOP: Ms = 10_000;

const VETO_TIMEOUT: Ms = 30_000;

/** One that was not running may be running by now: a daemon that was killed since had the engine start it. */
async function removeAnyway(container: string, anonymousVolumes: boolean, containers: Containers): Promise<void> {
  try {
    await containers.remove(container, { anonymousVolumes });
  } catch (error) {
    const seen = await containers.inspect(container);
    if (!seen || !isLive(seen)) throw error;
    await containers.stop(container, SURPLUS_STOP);
    await containers.remove(container, { anonymousVolumes });
  }
}

/**
 * Launches it with no name in it that leads to where containers of its network do not arrive. That is found out while it is made: it does not
 * start before.
 */
async function launchReached(step: StepOf<'launch'>, containers: Containers, finding: Promise<ReadonlySet<string>>): Promise<Launched> {
  const outcome = await launch(step, containers, async () => (await finding).size === 0);
  const unreached = await finding;
  if (outcome.ok || outcome.why === 'gateways-missing') return outcome;
  if (outcome.why === 'failed' && unreached.size === 0) return outcome;
  const hosts = step.wiring.hosts.filter(text => ![...unreached].some(address => text.endsWith(`:${address}`)));
  return launch({ ...step, previous: outcome.container ?? step.previous, wiring: { ...step.wiring, hosts } }, containers);
}

const EXECUTORS: Executors = {
  persist: (_, { persist }) => persist(),

  async ensureImage({ id, attempt, spec }, { images, post, tell, builds }) {
    try {
      refuseGoneContext(spec);
      if (spec.container) {
        const { image, build, pull, platform } = spec.container;
        const request = { reference: image, build, pull, platform, rebuild: false, project: builds(spec.project) };
        await images.ensure(request, data => tell(spec, { kind: 'image', data }));
      }
      post({ kind: 'imageReady', id, attempt });
    } catch (error) {
      post({ kind: 'startFailed', id, attempt, failure: toFailure(error), container: null, running: false });
    }
  },

  async launch(step, { containers, listeners, post }) {
    const { id, attempt } = step;
    const outcome = await launchReached(step, containers, listeners.unreached(step));
    if (outcome.ok) post({ kind: 'launched', id, attempt, container: outcome.container, madeVolumes: outcome.madeVolumes });
    else if (outcome.why === 'gateways-missing') post({ kind: 'gatewaysMissing', id, attempt });
    else post({ kind: 'startFailed', id, attempt, failure: outcome.failure, container: outcome.container, running: outcome.running });
  },

  async probe({ id, attempt, seen, spec }, { containers, clock, post, untilReady, listeners, heard, cpu, isLocal, forget }) {
    try {
      const readiness = await awaitReady(spec, seen, {
        containers,
        clock,
        untilReady,
        awaited: () => listeners.awaited(id),
        heard: port => heard(id, port),
        cpu,
        isLocal,
        sleep: sleepInRealTime,
      });
      if (readiness === null) return forget(seen.id);
      if (readiness.kind === 'answered')
        listeners.proved(
          id,
          attempt,
          readiness.ports.map(({ port }) => port),
        );
      post({ kind: 'ready', id, attempt, readiness });
    } catch (error) {
      forget(seen.id);
      post({ kind: 'startFailed', id, attempt, failure: toFailure(error), container: seen.id, running: true });
    }
  },

  async stop({ id, container, timeout, drain }, { containers, post, log, listeners, redirector }) {
    if (drain > 0) await Promise.all([listeners.activator.drain(id, drain), redirector.drain(id, drain)]);
    const failed = await containers.stop(container, timeout).then(() => null, toFailure);
    try {
      // After a call that timed out the outcome is unknown: the engine's word counts, not the call's.
      const seen = await containers.inspect(container);
      if (seen && isLive(seen)) throw new FailureError(failed ?? failure('engine-error', `${id} still runs after it was stopped.`));
      post({ kind: 'stopped', id, container, exit: seen ? { code: seen.exitCode ?? 0, oom: false } : null });
    } catch (error) {
      log.warn({ id, err: error }, 'stop failed');
      post({ kind: 'stopFailed', id, container, failure: toFailure(error) });
    }
  },

  async freeze({ id, container, drain }, { containers, post, listeners, redirector }) {
    await redirector.release(id);
    // A pooled connection that reached into what is frozen would wait for ever for its next answer.
    await listeners.activator.drain(id, drain);
    if (listeners.seen(id).connections > 0 || listeners.seen(id).execs > 0) {
      return post({ kind: 'frozenChanged', id, container, frozen: false, failure: null });
    }
    const failed = await containers.pause(container).then(() => null, toFailure);
    post({ kind: 'used', uses: [listeners.seen(id)] });
    post({ kind: 'frozenChanged', id, container, frozen: true, failure: failed });
    redirector.restore(id);
  },

  async thaw({ id, container }, { containers, post }) {
    const failed = await containers.unpause(container).then(() => null, toFailure);
    post({ kind: 'frozenChanged', id, container, frozen: false, failure: failed });
  },

  async checkUse({ id, container, veto }, { containers, post, listeners, redirector }) {
    // A veto that cannot be asked keeps it up: it may be about to say so.
    const exit = veto === null ? 0 : await containers.probe(container, veto, VETO_TIMEOUT).catch(() => 1);
    const heldBy = await redirector.check(id);
    // Past what events have told: one can be lost, and Podman's do not say which command ends.
    const sessions = await containers.sessions(container).catch(() => null);
    post({ kind: 'useChecked', id, container, seen: listeners.seen(id), busy: false, vetoed: exit !== 0, heldBy, sessions });
    redirector.restore(id);
  },

  async resize({ id, container, from, to, floor }, { containers, post, workingSet, log }) {
    const limit = (bytes: number) => containers.resize(container, bytes);
    try {
      if (to > from) await limit(to);
      const down = to > from ? { limit: to, reason: null } : await containers.shrink(container, { from, to, floor }, () => workingSet(id));
      post({ kind: 'resized', id, container, grant: down.limit, refused: down.reason });
    } catch (error) {
      log.warn({ id, err: error }, 'a limit could not be changed');
      const seen = await containers.inspect(container).catch(() => null);
      post({ kind: 'resized', id, container, grant: seen?.limit || Math.max(from, to), refused: toFailure(error).message });
    }
  },

  answerMemoryRequest: (step, { memoryRequests }) => memoryRequests.answer(step),

  async reclaim(step, { reclaimCache, isAnyStarting, post }) {
    post({ kind: 'reclaimed', ...(await reclaimCache(step, () => !isAnyStarting())) });
  },

  openListeners: ({ project, serial }, { listeners }) => listeners.open(project, serial),

  async remove({ id, container, anonymousVolumes }, { containers, post, log }) {
    try {
      await removeAnyway(container, anonymousVolumes, containers);
      post({ kind: 'removed', id, container });
    } catch (error) {
      log.warn({ id, container, err: error }, 'a container could not be removed');
      post({ kind: 'removeFailed', id, container, failure: toFailure(error) });
    }
  },

  async list(_, { containers, post, version, log }) {
    const asOf = version();
    try {
      post({ kind: 'observed', containers: await containers.list(), asOf });
    } catch (error) {
      log.warn({ err: error }, 'the containers could not be listed');
    }
  },

  async discard({ container }, { containers, log }) {
    try {
      await containers.stop(container, SURPLUS_STOP);
      await removeAnyway(container, false, containers);
    } catch (error) {
      log.warn({ container, err: error }, 'a surplus container could not be removed; laptop-dev clean removes it');
    }
  },

  async readLogTail({ id, container }, { containers, post, log }) {
    const lines: string[] = [];
    try {
      const signal = AbortSignal.timeout(5_000);
      for await (const line of containers.logs(container, { follow: false, since: null, tail: 10, signal })) lines.push(line.text);
    } catch (error) {
      log.warn({ id, err: error }, 'its last log lines could not be read');
    }
    post({ kind: 'logTail', id, container, lines: lines.slice(-10) });
  },

  async clearProject({ project, spec, volumes }, { containers, post }) {
    try {
      const found = await containers.projectResources(project);
      for (const network of found.networks) await containers.removeNetwork(network);
      const ours = new Set(spec.volumes.filter(volume => !volume.external).map(volume => volume.name));
      if (volumes) for (const volume of found.volumes) if (ours.has(volume) || isAdopted(spec)) await containers.removeVolume(volume);
      post({ kind: 'projectCleared', project, failure: null });
    } catch (error) {
      post({ kind: 'projectCleared', project, failure: toFailure(error) });
    }
  },
};
