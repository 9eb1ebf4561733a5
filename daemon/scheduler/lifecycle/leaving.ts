import { ownAddresses } from '../../model/addressing.js';
import { canSleep, listenersOf } from '../../model/listeners.js';
import type { PortSpec, ServiceSpec } from '../../model/spec.js';
import type { Draft } from '../state/draft.js';
import { liveContainer } from '../state/service-state.js';
import { isWanted, type ServiceEntry } from '../state/world.js';

/** It runs, but not as it should from now on. */
export function isOutdated({ state, spec, restartRequested, recreateRequested }: ServiceEntry): boolean {
  if (state.kind !== 'running' && state.kind !== 'starting') return false;
  const asked = restartRequested || recreateRequested || (state.kind === 'starting' && state.next !== null);
  return state.container !== null && (asked || state.hash !== spec.configHash);
}

type Place = Pick<PortSpec, 'hostIp' | 'host' | 'protocol'>;

/**
 * Whether what this service needs for itself, a port of the host or an address in a network, is still held by a container that is about to
 * stop: of a service that was renamed, taken out of the file or down, or that has another port or address now. What stays is no reason to
 * wait: then it is taken, and whose it is can be said.
 */
export function waitsForLeaving(draft: Draft, spec: ServiceSpec): boolean {
  // The engine listens for those that cannot sleep; the rest have no port of the host but the daemon's.
  const ports = canSleep(spec) ? [] : (spec.container?.ports ?? []);
  const addresses = new Set(ownAddresses(spec).map(({ address }) => address));
  if (addresses.size === 0 && !ports.some(({ host }) => host !== null)) return false;
  const own = `${spec.project}/${spec.name}`;
  return leaving(draft).some(
    other => `${other.spec.project}/${other.spec.name}` !== own && (holdsPort(other, ports) || addresses.has(other.address?.ip ?? '')),
  );
}

/** The same for the ports at which the daemon listens for these: their own containers may have them too, from when they could not sleep. */
export function listenersWaitForLeaving(draft: Draft, specs: readonly ServiceSpec[]): boolean {
  const ports = specs.flatMap(listenersOf).map(({ hostIp, port }) => ({ hostIp, host: port, protocol: 'tcp' as const }));
  return ports.length > 0 && leaving(draft).some(other => holdsPort(other, ports));
}

function leaving(draft: Draft): ServiceEntry[] {
  return draft.where(isLeaving).map(([, entry]) => entry);
}

/** Its container runs, and is to stop. One that the engine could not stop may stay for long, and is not waited for. */
function isLeaving(entry: ServiceEntry): boolean {
  const { state } = entry;
  if (liveContainer(state) === null) return false;
  if (state.kind === 'stopping') return state.retryAt === null;
  return (state.kind === 'running' || state.kind === 'starting') && (!isWanted(entry) || isOutdated(entry));
}

function holdsPort({ address }: ServiceEntry, wanted: readonly Place[]): boolean {
  return (address?.ports ?? []).some(held =>
    wanted.some(each => each.host === held.host && each.protocol === held.protocol && meets(each, held)),
  );
}

function meets(one: Pick<Place, 'hostIp'>, two: Pick<Place, 'hostIp'>): boolean {
  return one.hostIp === two.hostIp || isEverywhere(one.hostIp) || isEverywhere(two.hostIp);
}

function isEverywhere(hostIp: string): boolean {
  return hostIp === '' || hostIp === '0.0.0.0' || hostIp === '::';
}
