import type { HostSample } from '../model/host-sample.js';
import type { ImageProgress } from '../model/image-progress.js';
import type { Readiness } from '../model/readiness.js';
import type { Protocol, ServiceId } from '../model/spec.js';
import type { Bytes } from '../shared/bytes.js';
import type { Failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';

/**
 * What each kind of notice carries. Keys are stable words for programs; a kind that is told for several reasons names them. The sentences
 * are made in notice-text.ts, the levels by `levelOf`: nothing else has to know either.
 */
export interface NoticeData {
  readonly planned: { readonly reason: 'start'; readonly limit: Bytes } | { readonly reason: 'hours-begin' };
  readonly image: ImageProgress;
  readonly starting: NoData;
  readonly started: { readonly reason: 'launched'; readonly limit: Bytes } | { readonly reason: 'by-hand' | 'restarted-by-hand' };
  /** It runs, and it is not known to be ready. `after`: ms since its start, here and in `ready`. */
  readonly running: { readonly after: Ms; readonly readiness: Readiness };
  /** A port speaks another protocol than was inferred from its number and image. */
  readonly heard: { readonly port: number; readonly protocol: Protocol; readonly inferred: Protocol };
  readonly ready:
    | { readonly reason: 'probed'; readonly after: Ms /** Ports at which nothing listens yet. */; readonly silent: readonly number[] }
    | { readonly reason: 'healthy-again' };
  readonly woken: NoData;
  readonly frozen:
    | { readonly reason: 'idle'; readonly unused: Ms }
    | { readonly reason: 'pause-failed' | 'resume-failed'; readonly cause: Cause };
  readonly resized:
    | { readonly reason: 'needs-more' | 'others-need-it'; readonly from: Bytes; readonly to: Bytes }
    /** The engine did not lower or raise it. */
    | { readonly reason: 'not-applied'; readonly limit: Bytes; readonly why: string }
    /** Changed past the daemon: `found` is put back to `restored`. */
    | { readonly reason: 'changed-by-hand'; readonly found: Bytes; readonly restored: Bytes };
  readonly pressure: { readonly evidence: PressureEvidence };
  readonly reclaimed:
    | {
        readonly reason: 'cache';
        readonly bytes: Bytes;
        readonly to: 'host' | 'windows';
        /** MemFree. */
        readonly freeBefore: Bytes;
        readonly freeAfter: Bytes;
      }
    | { readonly reason: 'incomplete'; readonly why: string };
  readonly unhealthy: NoData;
  readonly stopping:
    | { readonly reason: 'idle'; readonly unused: Ms }
    | { readonly reason: 'preempted' /** What gets its memory. */; readonly by: readonly ServiceId[] }
    | { readonly reason: 'host-pressure'; readonly evidence: PressureEvidence }
    | { readonly reason: 'not-wanted' | 'restart' | 'definition-changed' }
    /** It lives in the network, or among the processes, of this service, which has a new container. */
    | { readonly reason: 'namespace-restarted'; readonly owner: string }
    /** Somebody started its container, and the budget has no room for it. */
    | { readonly reason: 'no-room' }
    /** Of a project. */
    | { readonly reason: 'hours-end' }
    /** Both are tried again. */
    | { readonly reason: 'stop-failed' | 'removal-failed'; readonly cause: Cause };
  readonly stopped: { readonly reason: 'stopped'; readonly frees: Bytes } | { readonly reason: 'by-hand' };
  readonly completed: NoData;
  readonly crashed: { readonly exit: ExitFacts; readonly restartsIn: Ms };
  readonly oom:
    | { readonly reason: 'exited'; readonly exit: ExitFacts; readonly restartsIn: Ms }
    /** A process of it, perhaps not the main one. `maximum`: as far as its limit may grow. */
    | { readonly reason: 'process-killed'; readonly limit: Bytes; readonly maximum: Bytes }
    /** Killed at a limit that no file sets: it starts again with `next`. */
    | { readonly reason: 'limit-inferred'; readonly limit: Bytes; readonly next: Bytes };
  readonly failed: { readonly reason: 'failure'; readonly cause: Cause } | { readonly reason: 'log-tail'; readonly line: string };
  readonly adopted:
    | { readonly reason: 'running'; readonly limit: Bytes }
    /** The folder of a project. */
    | { readonly reason: 'folder-moved'; readonly from: string; readonly to: string };
  readonly removed:
    | { readonly reason: 'container' }
    | { readonly reason: 'volume-lost'; readonly volume: string }
    /** Neither is tried again. */
    | { readonly reason: 'refused' | 'project-not-cleared'; readonly cause: Cause };
  readonly refused: { readonly reason: 'wake' | 'memory-request' | 'running-hours'; readonly cause: Cause };
  /** Other containers cannot wake it. */
  readonly engine: { readonly reason: 'not-reachable'; readonly why: string };
}

type NoData = Readonly<Record<string, never>>;

export type NoticeKind = keyof NoticeData;

/** A kind with what belongs to it. */
export type NoticeContent = { readonly [K in NoticeKind]: { readonly kind: K; readonly data: NoticeData[K] } }[NoticeKind];

/** Something worth telling: the event log, `events`, `why`, progress. `service` null: it is about the project. */
export type Notice = NoticeContent & {
  readonly project: string;
  readonly service: string | null;
  readonly level: NoticeLevel;
};

type NoticeLevel = 'info' | 'warn' | 'error';

/** A notice as it leaves the daemon: with its sentence, and its place in the log. `at`: ms since the epoch. */
export type LoggedNotice = Notice & {
  readonly text: string;
  readonly seq: number;
  readonly at: Ms;
};

/** What a failure says of itself in a notice; its details are shown with the service. */
export type Cause = Pick<Failure, 'code' | 'message'>;

/** How a container ended that was not being stopped. */
export interface ExitFacts {
  readonly code: number;
  /** It was killed at this limit; null: it was not killed for memory. */
  readonly limit: Bytes | null;
  /** The model that it had loaded, or was loading; null: none. */
  readonly model: string | null;
  readonly isLoading: boolean;
}

/** What the pressure level of the host rests on; null: not measured yet. */
export type PressureEvidence = {
  readonly level: 'none' | 'soft' | 'hard';
  readonly available: Bytes;
  readonly total: Bytes;
  readonly psi: HostSample['psi'];
  /** The signal that holds the level; null: none does any more. */
  readonly signal: PressureSignal | null;
  /** How long the signal has been there or, without one, how long there has been memory to spare; null: there is not. */
  readonly lasts: Ms | null;
} | null;

export type PressureSignal = 'hardAvailable' | 'hardFull' | 'softAvailable' | 'softSome' | 'swapIn' | 'refaults';

export function causeOf({ code, message }: Failure): Cause {
  return { code, message };
}

export function noticeOf(project: string, service: string | null, content: NoticeContent): Notice {
  return { project, service, level: levelOf(content), ...content };
}

/** error: something is lost, or has failed for good. warn: something did not go as it should. */
function levelOf({ kind, data }: NoticeContent): NoticeLevel {
  switch (kind) {
    case 'failed':
      return 'error';
    case 'unhealthy':
    case 'crashed':
    case 'oom':
    case 'refused':
    case 'engine':
      return 'warn';
    case 'running':
      return data.readiness.kind === 'unready' ? 'warn' : 'info';
    case 'frozen':
      return data.reason === 'idle' ? 'info' : 'warn';
    case 'resized':
      return data.reason === 'not-applied' || data.reason === 'changed-by-hand' ? 'warn' : 'info';
    case 'pressure':
      return data.evidence === null || data.evidence.level === 'none' ? 'info' : 'warn';
    case 'reclaimed':
      return data.reason === 'incomplete' ? 'warn' : 'info';
    case 'stopping':
      if (data.reason === 'stop-failed') return 'error';
      return data.reason === 'no-room' || data.reason === 'removal-failed' ? 'warn' : 'info';
    case 'removed':
      if (data.reason === 'volume-lost') return 'error';
      return data.reason === 'container' ? 'info' : 'warn';
    case 'planned':
    case 'image':
    case 'starting':
    case 'started':
    case 'heard':
    case 'ready':
    case 'woken':
    case 'stopped':
    case 'completed':
    case 'adopted':
      return 'info';
  }
}
