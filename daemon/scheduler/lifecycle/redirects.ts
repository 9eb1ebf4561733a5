import { listenersOf } from '../../model/listeners.js';
import { speechOf } from '../../model/protocols.js';
import type { Readiness } from '../../model/readiness.js';
import type { Protocol, ServiceSpec } from '../../model/spec.js';
import { targetOf } from '../state/wiring.js';
import { isWanted, type ServiceEntry } from '../state/world.js';

/** A host port of an awake service whose new connections the kernel may bring to the container by itself. */
export interface RedirectTarget {
  readonly hostIp: string;
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
}

/**
 * Those of a service that runs and is to run; where the daemon has to go through a port that the engine publishes, and on addresses other
 * than loopback, there are none.
 */
export function redirectsOf(entry: ServiceEntry): readonly RedirectTarget[] {
  const { state, address, spec, spoken } = entry;
  if (state.kind !== 'running' || state.frozen || !isWanted(entry) || address?.ip == null) return [];
  return listenersOf(spec).flatMap(({ hostIp, port, containerPort }) => {
    const { protocol } = speechOf(spec, containerPort, spoken[containerPort]);
    if (!mayBypass(spec, protocol) || !hasAnswered(state.readiness, containerPort)) return [];
    const to = targetOf(entry, containerPort);
    const isLoopback = hostIp.startsWith('127.') || hostIp === '0.0.0.0';
    return isLoopback && to !== null && to.host === address.ip ? [{ hostIp, port, to }] : [];
  });
}

/**
 * A service counts as ready without ports that are late. At those the kernel would have a client refused, where the daemon holds the connection until something
 * listens.
 */
function hasAnswered(readiness: Readiness, containerPort: number): boolean {
  return readiness.kind !== 'answered' || readiness.ports.some(({ port }) => port === containerPort);
}

/**
 * auto: where the service can be asked what is under way, or nothing is lost by not asking. An HTTP response that is silent for a while
 * cannot be asked about, and a byte on an open connection wakes what is paused only where the daemon sees it.
 */
function mayBypass({ activation }: ServiceSpec, protocol: Protocol): boolean {
  if (activation.freezeAfter !== null) return false;
  return activation.path === 'kernel' || (activation.path === 'auto' && protocol !== 'http');
}
