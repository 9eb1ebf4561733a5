import { causeOf, type ExitFacts } from '../../api/notice.js';
import { exitText } from '../../api/notice-text.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { type Failure, type FailureOf, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { type AfterOom, afterOom } from '../memory/growth.js';
import { isHeapFull, restartWithMore } from '../memory/learned.js';
import { roomFor } from '../memory/samples.js';
import { afterFailure } from '../policy/cooldown.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { reportOf } from '../state/memory-report.js';
import { type Exit, held } from '../state/service-state.js';
import { idOf, isWanted, type ServiceEntry } from '../state/world.js';
import { isAwaited } from './one-shot.js';

/** An exit this soon after an OOM kill in the container is put down to it, whatever its exit code. */
const OOM_BLAME: Ms = 5_000;
/** SIGKILL: 128 + 9; what the main process exits with when the kernel kills it. */
const KILLED = 137;

/** Whether an exit came from the memory limit. The engine's own OOMKilled flag is not used: it outlives restarts. */
export function exitOf(entry: ServiceEntry, code: number, now: Ms): Exit {
  const oom = entry.oomAt !== null && (code === KILLED || now - entry.oomAt <= OOM_BLAME);
  return { code, oom: oom || isHeapFull(entry.spec, code) };
}

/**
 * A container ended that was not being stopped by us:
 *   1 not wanted any more → asleep; to be started again in any case → queued
 *   2 the engine was asked for it (docker stop, kill, restart, rm -f) → a moment for what follows: scheduler/lifecycle/external-changes
 *   3 killed at a limit that no file sets → starts again with more, or failed where there is no room
 *   4 exit 0 and not `restart: always` → completed
 *   5 a one-shot (something waits for its completion), or `restart: no` → failed
 *   6 too many crashes in the window → failed, with its last log lines
 *   7 else a pause that doubles, then again
 */
export function foldExit(draft: Draft, entry: ServiceEntry, exit: Exit, policy: Policy, now: Ms): void {
  const id = idOf(entry.spec);
  const grant = held(entry.state);
  draft.openMissing(entry);
  draft.patch(id, {
    ooms: 0,
    oomAt: null,
    oomLimit: null,
    endsBy: null,
    byHand: false,
    sessions: [],
    memoryReport: null,
    memoryRequest: null,
  });
  if (!isWanted(entry)) return draft.setState(id, { kind: 'asleep', exit });
  if (entry.restartRequested || entry.recreateRequested)
    return draft.patch(id, { attempt: entry.attempt + 1, state: { kind: 'queued', grant, since: now, reuseContainer: false } });
  const { endsBy } = entry;
  if (endsBy !== null && now <= endsBy.until && !exit.oom)
    return draft.setState(id, { kind: 'ended', grant, until: now + policy.restartPause, exit, isStop: endsBy.isStop });
  const restart = entry.spec.restart;
  if (exit.code === 0 && restart.policy !== 'always') {
    draft.notice(entry.spec, { kind: 'completed', data: {} });
    return draft.setState(id, { kind: 'completed', exit, hash: entry.spec.configHash });
  }
  if (exit.oom && entry.spec.memory.guessed && draft.engine === 'up') {
    // Its limit may have grown since a first process was killed.
    const refused = restartWithMore(draft, id, entry.oomLimit ?? grant, exit, policy, now);
    return refused === null ? undefined : fail(draft, draft.entry(id) ?? entry, refused, policy, now);
  }
  const words = exitWords(entry, exit);
  const oom = exit.oom ? outOfMemory(draft, entry, grant, policy, now) : null;
  if (oom?.kind === 'stop') return fail(draft, entry, tooSmall(entry, words, policy), policy, now);
  if (restart.policy === 'no' || isAwaited(draft, entry)) return fail(draft, entry, words, policy, now, exit);
  const crashes = [...entry.crashes.filter(at => now - at < policy.crashWindow), now];
  draft.patch(id, { crashes });
  const most = restart.maxRetries === null ? policy.crashLimit : Math.min(policy.crashLimit, restart.maxRetries + 1);
  if (crashes.length >= most) return fail(draft, entry, crashLoop(entry, words, crashes, policy), policy, now, exit);
  const pause = Math.min(policy.backoffMost, policy.backoffFirst * 2 ** (crashes.length - 1));
  const crash = { exit: factsOf(entry, exit), restartsIn: pause };
  draft.notice(entry.spec, exit.oom ? { kind: 'oom', data: { reason: 'exited', ...crash } } : { kind: 'crashed', data: crash });
  draft.setState(id, { kind: 'backoff', grant: oom?.kind === 'grow' ? oom.grant : grant, until: now + pause, exit });
}

/**
 * The engine tells of a kill and of the exit on two paths: the kill may come second. The exit is judged again, as one that came from
 * the limit; it has been counted as a crash already.
 */
export function blameLimit(draft: Draft, entry: ServiceEntry, policy: Policy, now: Ms): void {
  const { state } = entry;
  if (state.kind === 'failed') return blameForFailure(draft, entry, policy, now);
  if (state.kind !== 'backoff' || state.exit.code !== KILLED || state.exit.oom) return;
  const exit = { ...state.exit, oom: true };
  if (entry.spec.memory.guessed) {
    const refused = restartWithMore(draft, idOf(entry.spec), state.grant, exit, policy, now);
    return refused === null ? undefined : fail(draft, draft.entry(idOf(entry.spec)) ?? entry, refused, policy, now);
  }
  draft.patch(idOf(entry.spec), { ooms: 0, oomAt: null, oomLimit: null }); // a kill of the life that has ended, not of the next one
  const oom = outOfMemory(draft, entry, state.grant, policy, now);
  if (oom.kind === 'stop') {
    draft.patch(idOf(entry.spec), { crashes: entry.crashes.slice(0, -1) }); // as in the usual order: nothing follows this one
    return fail(draft, entry, tooSmall(entry, exitWords(entry, exit), policy), policy, now);
  }
  draft.setState(idOf(entry.spec), { ...state, exit, grant: oom.kind === 'grow' ? oom.grant : state.grant });
}

/** It failed for good by this exit. The exit is folded once more from where it was: what follows is a failure again, or more memory where nobody set the limit. */
function blameForFailure(draft: Draft, { spec, state, crashes }: ServiceEntry, policy: Policy, now: Ms): void {
  if (state.kind !== 'failed' || state.end === undefined || now - state.since > OOM_BLAME) return;
  const { exit, grant, cooldown } = state.end;
  if (exit.code !== KILLED || exit.oom) return;
  const id = idOf(spec);
  draft.patch(id, {
    state: { kind: 'backoff', grant, until: now, exit },
    cooldown, // one failure, or none, not two
    crashes: state.failure.code === 'crash-loop' ? crashes.slice(0, -1) : crashes,
  });
  const entry = draft.entry(id);
  if (entry) foldExit(draft, entry, { ...exit, oom: true }, policy, now);
}

function fail(draft: Draft, entry: ServiceEntry, value: Failure, policy: Policy, now: Ms, exit?: Exit): void {
  const id = idOf(entry.spec);
  const end = exit === undefined ? {} : { end: { exit, grant: held(entry.state), cooldown: entry.cooldown } };
  draft.patch(id, { cooldown: afterFailure(entry.cooldown, policy.cooldown, now) });
  draft.setState(id, { kind: 'failed', failure: value, since: now, logTailDue: entry.container !== null, ...end });
  if (entry.container !== null) draft.steps.push({ kind: 'readLogTail', id, container: entry.container });
  draft.notice(entry.spec, { kind: 'failed', data: { reason: 'failure', cause: causeOf(value) } });
}

/** What an OOM kill of the main process says about its grant. The grant that grows is held from now on. */
function outOfMemory(draft: Draft, entry: ServiceEntry, grant: Bytes, policy: Policy, now: Ms): AfterOom {
  const { maximum } = entry.spec.memory;
  const oomsAtMaximum = [...entry.oomsAtMaximum.filter(at => now - at < policy.growth.oomWindow), ...(grant >= maximum ? [now] : [])];
  draft.patch(idOf(entry.spec), { oomsAtMaximum });
  return afterOom(grant, maximum, roomFor(draft, policy), oomsAtMaximum, policy.growth, now);
}

function tooSmall({ spec: { name, memory }, oomsAtMaximum }: ServiceEntry, last: ExitFailure, policy: Policy): Failure {
  const times = oomsAtMaximum.length + 1;
  const minutes = Math.round(policy.growth.oomWindow / 60_000);
  return failure(
    'out-of-memory',
    `${last.message} It was killed at its maximum ${times} times in ${minutes} minutes: ${formatBytes(memory.maximum)} are too little for it.`,
    last.details,
    [
      `Raise memory.maximum of ${name} (now ${formatBytes(memory.maximum)}) in its profile, or let it need less`,
      `laptop-dev start ${name} tries once more`,
    ],
  );
}

function factsOf(entry: ServiceEntry, { code, oom }: Exit): ExitFacts {
  const report = reportOf(entry);
  const model = report?.loading?.model ?? report?.model ?? null;
  return { code, limit: oom ? held(entry.state) : null, model, isLoading: report?.loading != null };
}

type ExitFailure = FailureOf<'exited'> | FailureOf<'out-of-memory'>;

function exitWords(entry: ServiceEntry, exit: Exit): ExitFailure {
  const { name, memory } = entry.spec;
  const facts = factsOf(entry, exit);
  const { model, limit } = facts;
  const message = exitText(name, facts);
  const details = { exitCode: exit.code, ...(model === null ? {} : { model }) };
  const another =
    model === null ? [] : [`laptop-dev llm models use NAME chooses another model, laptop-dev llm models rm ${model} removes this one`];
  if (limit === null) return failure('exited', message, details, [`laptop-dev logs ${name} shows more`, ...another]);
  return failure('out-of-memory', message, { limit, maximum: memory.maximum, ...details }, [
    limit < memory.maximum
      ? `It may hold up to ${formatBytes(memory.maximum)} when the budget has room: laptop-dev budget shows what holds it`
      : `Raise memory.maximum of ${name} (now ${formatBytes(memory.maximum)}) in its profile, or let it need less`,
  ]);
}

function crashLoop({ spec: { name } }: ServiceEntry, last: ExitFailure, crashes: readonly Ms[], policy: Policy): Failure {
  const minutes = Math.round(policy.crashWindow / 60_000);
  const message = `${last.message} That was crash ${crashes.length} in ${minutes} minutes; it is not tried again by itself.`;
  const more = `laptop-dev logs ${name} shows why; laptop-dev start ${name} tries once more`;
  if (last.code === 'out-of-memory') return failure('out-of-memory', message, last.details, [...last.remedies, more]);
  return failure('crash-loop', message, last.details, [more]);
}
