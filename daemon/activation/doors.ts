import type { Failure } from '../core/failure.js';
import type { Ms, Protocol, ServiceId } from '../core/model.js';
import type { Clock, Log } from '../ports.js';
import { chooseWire } from './choose-wire.js';
import { drainConnections } from './drain.js';
import { createListeners } from './listeners.js';
import { createTraffic, type Traffic } from './traffic.js';
import { openStreamWire } from './wire.js';

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

const NOTHING: Activity = { connections: 0, lastByteAt: null, holding: false, bytes: 0 };

export function createDoors(hooks: DoorHooks, options: { readonly log: Log; readonly clock: Clock }): Doors {
  const { log, clock } = options;
  const services = new Map<ServiceId, Traffic>();
  const trafficOf = (service: ServiceId): Traffic => {
    const known = services.get(service) ?? createTraffic(clock, () => hooks.changed(service));
    services.set(service, known);
    return known;
  };
  let wire = openStreamWire;
  const chosen = chooseWire(log).then(open => {
    wire = open;
  });
  const listeners = createListeners(door => ({ hooks, log, clock, wire, traffic: trafficOf(door.service) }), log);
  /** Changes of the set of doors happen one after the other, the first once the wire is chosen. */
  let settled: Promise<unknown> = chosen;
  return {
    set: doors => {
      const next = settled.then(() => listeners.set(doors));
      settled = next;
      return next;
    },
    activity: service => services.get(service)?.activity() ?? NOTHING,
    drain: (service, timeout) => drainConnections(trafficOf(service), timeout),
    close: async () => {
      await settled;
      await listeners.set([]);
      for (const traffic of services.values()) traffic.close();
    },
  };
}
