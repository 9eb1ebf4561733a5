import type { ServiceId } from '../model/spec.js';
import type { Activity, ListenerHooks, Listeners } from '../ports/listeners.js';
import type { Clock, Log } from '../ports/ports.js';
import { chooseStream } from './choose-stream.js';
import { drainConnections } from './drain.js';
import { createServerSockets } from './server-sockets.js';
import { openStreamWire } from './stream.js';
import { createTraffic, type ListenerTraffic } from './traffic.js';

const NOTHING: Activity = { connections: 0, lastByteAt: null, holding: false, bytes: 0, rhythm: null };

export function createActivator(hooks: ListenerHooks, options: { readonly log: Log; readonly clock: Clock }): Listeners {
  const { log, clock } = options;
  const services = new Map<ServiceId, ListenerTraffic>();
  const trafficOf = (service: ServiceId): ListenerTraffic => {
    const known = services.get(service) ?? createTraffic(clock, () => hooks.changed(service));
    services.set(service, known);
    return known;
  };
  let wire = openStreamWire;
  const chosen = chooseStream(log).then(open => {
    wire = open;
  });
  const listeners = createServerSockets(door => ({ hooks, log, clock, wire, traffic: trafficOf(door.service) }), log);
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
