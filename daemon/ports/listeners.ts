import type { Protocol, ServiceId } from '../model/spec.js';
import type { Rhythm } from '../scheduler/activity/rhythm.js';
import type { Failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';

/** A port that the daemon keeps open for a service, asleep or awake. */
export interface Listener {
  readonly service: ServiceId;
  /** 127.0.0.1 brings ::1 with it where there is one. */
  readonly hostIp: string;
  readonly port: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
  /** False: the protocol is a guess, which gives way to what client and server speak. */
  readonly certain: boolean;
  /** A blocked BLPOP or a subscription holds the service. */
  readonly holdBlocked: boolean;
  /** CIDRs: who connects from elsewhere is cut off; null: everybody is answered. */
  readonly from: readonly string[] | null;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface ListenerHooks {
  /**
   * Where its port is served now; null: it is not awake, from the moment that a stop is decided. Synchronous and called on the
   * warm path: no engine call behind it.
   */
  target(listener: Listener): Target | null;
  /**
   * Somebody needs it. Joins a start under way (one call a connection); resolves when it is ready, or to the failure. Also called
   * when the target that was named refuses connections.
   */
  wake(listener: Listener): Promise<Target | Failure>;
  /** Connections or what they hold went from none to some or back. Soon, and at most every 100 ms a service: ask `activity` for what is. */
  changed(service: ServiceId): void;
  /** Client and server were heard to speak this at a listener whose protocol is a guess. Told when it is another one, or proves right. */
  spoke(listener: Listener, protocol: Protocol): void;
}

export interface Activity {
  /** Those that wait for the service or reach it; silent ones that have not said a byte are not counted. */
  readonly connections: number;
  /** Monotonic ms of the last byte in either direction; null: none yet. */
  readonly lastByteAt: Ms | null;
  /** An open transaction, a running query, a response under way, a client that waits for the start: must not be stopped. */
  readonly holding: boolean;
  readonly bytes: number;
  /** What flows again and again; null: too little has. */
  readonly rhythm: Rhythm | null;
}

export interface Listeners {
  /** Listens on exactly these: keeps those that are open (never rebinds), opens new ones, closes others. Resolves to those that could not be opened. */
  set(listeners: readonly Listener[]): Promise<readonly { readonly listener: Listener; readonly failure: Failure }[]>;
  activity(service: ServiceId): Activity;
  /**
   * Before a stop: ends silent connections (FIN both ways, after what is under way; an HTTP client between two requests is kept and
   * wakes the service with its next one). New ones wait for the next wake. Resolves when none is left, or after `timeout`.
   */
  drain(service: ServiceId, timeout: Ms): Promise<void>;
  close(): Promise<void>;
}

/** What is asked of a service to find out whether it is ready. */
export interface ProbeQuestion {
  readonly protocol: Protocol;
  readonly target: Target;
  /** Asked for over HTTP, with or without TLS; its status is below 500 when it is ready. Without, any answer to / will do in the end. */
  readonly path?: string;
  /** The protocol is a guess: whoever listens and speaks another one is ready too. */
  readonly guessed?: boolean;
  /** Somebody accepts in its place who may have nothing behind him: docker-proxy, Docker Desktop. */
  readonly proxied?: boolean;
}

/** What became of asking. `protocol`: what it was heard to speak; null: it accepts connections and has said nothing. */
export type ProbeOutcome =
  | { readonly ready: true; readonly protocol: Protocol | null }
  /** `why`: what the last try met, for people; `listens`: something accepted the connection. `speaks`: a protocol that would work. */
  | { readonly ready: false; readonly why: string; readonly listens: boolean; readonly speaks: Protocol | null };

/** Asks again and again until it is ready, or `signal` is aborted. `trying`: told after each try in vain. */
export type UntilReady = (question: ProbeQuestion, signal: AbortSignal, trying?: (last: ProbeOutcome) => void) => Promise<ProbeOutcome>;
