import type { ServiceId } from '../model/spec.js';
import type { Activity, ListenerHooks, Listeners } from '../ports/listeners.js';
import type { Clock, Log } from '../ports/ports.js';
import type { Ms } from '../shared/span.js';
import { chooseStream } from './choose-stream.js';
import { createServerSockets } from './server-sockets.js';
import { openByteStream } from './stream.js';
import { createTraffic, type ListenerTraffic } from './traffic.js';

/** How often connections that nobody understands are asked whether they are quiet, while a service drains, ms. */
const STEP = 5;

/**
 * Ends the connections that reach the service now, each once nothing is under way on it. Resolves when none is left, or after `timeout`.
 */
function drainConnections(traffic: ListenerTraffic, timeout: Ms): Promise<void> {
  const left = new Set([...traffic.connections].filter(connection => connection.reachesService()));
  const settle = (): boolean => {
    for (const connection of left) {
      if (connection.reachesService()) connection.release();
      if (!connection.reachesService()) left.delete(connection);
    }
    return left.size === 0;
  };
  if (settle()) return Promise.resolve();
  traffic.drains.add(left);
  return new Promise(resolve => {
    const finish = (): void => {
      clearInterval(poll);
      clearTimeout(limit);
      traffic.drains.delete(left);
      resolve();
    };
    const poll = setInterval(() => void (settle() && finish()), STEP);
    const limit = setTimeout(finish, timeout);
  });
}

const NOTHING: Activity = { connections: 0, lastByteAt: null, holding: false, bytes: 0, rhythm: null };

export function createActivator(hooks: ListenerHooks, options: { readonly log: Log; readonly clock: Clock }): Listeners {
  const { log, clock } = options;
  const services = new Map<ServiceId, ListenerTraffic>();
  const trafficOf = (service: ServiceId): ListenerTraffic => {
    const known = services.get(service) ?? createTraffic(clock, () => hooks.changed(service));
    services.set(service, known);
    return known;
  };
  let openStream = openByteStream;
  const chosen = chooseStream(log).then(open => {
    openStream = open;
  });
  const sockets = createServerSockets(({ service }) => ({ hooks, log, clock, openStream, traffic: trafficOf(service) }), log);
  /** Changes of the set of listeners happen one after the other, the first once the kind of byte stream is chosen. */
  let settled: Promise<unknown> = chosen;
  return {
    set: listeners => {
      const next = settled.then(() => sockets.set(listeners));
      settled = next;
      return next;
    },
    activity: service => services.get(service)?.activity() ?? NOTHING,
    drain: (service, timeout) => drainConnections(trafficOf(service), timeout),
    close: async () => {
      await settled;
      await sockets.set([]);
      for (const traffic of services.values()) traffic.close();
    },
  };
}
