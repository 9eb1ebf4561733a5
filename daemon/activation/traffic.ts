import type { Activity } from '../ports/listeners.js';
import type { Clock } from '../ports/ports.js';
import { type Burst, rhythmOf, withBytes } from '../scheduler/activity/rhythm.js';
import type { Ms } from '../shared/span.js';
import type { ClientConnection } from './connection.js';

/** `changed` is told at most this often, ms: a query a millisecond is two edges a millisecond. */
const QUIET = 100;

/** What goes on at the listeners of one service. */
export interface ListenerTraffic {
  /** Those that wait for the service or reach it. */
  readonly connections: ReadonlySet<ClientConnection>;
  /** All, silent ones as well. */
  readonly clients: Set<ClientConnection>;
  join(connection: ClientConnection): void;
  leave(connection: ClientConnection): void;
  /** A connection began (1) or ceased (-1) to hold the service. */
  hold(by: 1 | -1): void;
  /** Bytes that flowed just now to or from a port of the container; returns the time. */
  count(bytes: number, port: number): Ms;
  activity(): Activity;
  /** Drains under way, each with the connections left to it: while there are any, the target of before is not to be trusted. */
  readonly drains: Set<ReadonlySet<ClientConnection>>;
  isLeaving(connection: ClientConnection): boolean;
  close(): void;
}

export function createTraffic(clock: Clock, changed: () => void): ListenerTraffic {
  const connections = new Set<ClientConnection>();
  const clients = new Set<ClientConnection>();
  const drains = new Set<ReadonlySet<ClientConnection>>();
  let holders = 0;
  let bytes = 0;
  let bursts: readonly Burst[] = [];
  let lastByteAt: Ms | null = null;
  let reported = 'falsefalse';
  /** When it reported, or found nothing to report. */
  let reportedAt = -QUIET;
  let timer: NodeJS.Timeout | null = null;
  const report = (): void => {
    timer = null;
    reportedAt = clock.now();
    const state = `${connections.size > 0}${holders > 0}`;
    if (state === reported) return;
    reported = state;
    changed();
  };
  const edge = (): void => {
    // Never at once: what happens together is reported together, and never from within what happens.
    timer ??= setTimeout(report, Math.max(0, reportedAt + QUIET - clock.now()));
  };
  return {
    connections,
    clients,
    drains,
    isLeaving: connection => [...drains].some(left => left.has(connection)),
    join: connection => {
      connections.add(connection);
      if (connections.size === 1) edge();
    },
    leave: connection => {
      if (connections.delete(connection) && connections.size === 0) edge();
    },
    hold: by => {
      holders += by;
      if (holders === 0 || (holders === 1 && by === 1)) edge();
    },
    count: (amount, port) => {
      bytes += amount;
      lastByteAt = clock.now();
      bursts = withBytes(bursts, lastByteAt, amount, port);
      return lastByteAt;
    },
    activity: () => ({ connections: connections.size, lastByteAt, holding: holders > 0, bytes, rhythm: rhythmOf(bursts) }),
    close: () => {
      for (const connection of [...clients]) connection.destroy();
      if (timer) clearTimeout(timer);
    },
  };
}
