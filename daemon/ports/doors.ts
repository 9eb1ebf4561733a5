import type { Failure } from '../core/failure.js';
import type { Ms, Protocol, ServiceId } from '../core/model.js';

/** A port that the daemon keeps open for a service, asleep or awake. */
export interface Door {
  readonly service: ServiceId;
  /** 127.0.0.1 brings ::1 with it where there is one. */
  readonly hostIp: string;
  readonly port: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
  /** A blocked BLPOP or a subscription holds the service. */
  readonly holdBlocked: boolean;
  /** CIDRs: who connects from elsewhere is cut off; null: everybody is answered. */
  readonly from: readonly string[] | null;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface DoorHooks {
  /**
   * Where its port is served now; null: it is not awake, from the moment that a stop is decided. Synchronous and called on the
   * warm path: no engine call behind it.
   */
  target(door: Door): Target | null;
  /**
   * Somebody needs it. Joins a start under way (one call a connection); resolves when it is ready, or to the failure. Also called
   * when the target that was named refuses connections.
   */
  wake(door: Door): Promise<Target | Failure>;
  /** Connections or what they hold went from none to some or back. Soon, and at most every 100 ms a service: ask `activity` for what is. */
  changed(service: ServiceId): void;
}

export interface Activity {
  /** Those that wait for the service or reach it; silent ones that have not said a byte are not counted. */
  readonly connections: number;
  /** Monotonic ms of the last byte in either direction; null: none yet. */
  readonly lastByteAt: Ms | null;
  /** An open transaction, a running query, a response under way, a client that waits for the start: must not be stopped. */
  readonly holding: boolean;
  readonly bytes: number;
}

export interface Doors {
  /** Listens on exactly these: keeps those that are open (never rebinds), opens new ones, closes others. Resolves to those that could not be opened. */
  set(doors: readonly Door[]): Promise<readonly { readonly door: Door; readonly failure: Failure }[]>;
  activity(service: ServiceId): Activity;
  /**
   * Before a stop: ends silent connections (FIN both ways, after what is under way; an HTTP client between two requests is kept and
   * wakes the service with its next one). New ones wait for the next wake. Resolves when none is left, or after `timeout`.
   */
  drain(service: ServiceId, timeout: Ms): Promise<void>;
  close(): Promise<void>;
}

/** What is asked of a service to find out whether it is ready. */
export interface Question {
  readonly protocol: Protocol;
  readonly target: Target;
  /** Of an HTTP service; default /. */
  readonly path?: string;
}

/** Asks again and again until it is ready. False: `signal` was aborted first. */
export type UntilReady = (question: Question, signal: AbortSignal) => Promise<boolean>;
