import type { Protocol } from '../../model/spec.js';
import { formatDuration } from '../../shared/duration.js';
import type { Problem } from '../../shared/problem.js';
import type { YamlLocation } from './locations.js';
import type { ServiceSettings } from './schema.js';
import { problemAt } from './yaml-file.js';

/** Finds a value by its path below a service, as `memory.maximum`. */
type FindLocation = (key: string) => YamlLocation;

/** Keys that mean something with one protocol only. */
const KEY_OF_PROTOCOL: readonly (readonly ['ready' | 'hold_blocked', Protocol, ...Protocol[]])[] = [
  ['ready', 'http', 'tls'],
  ['hold_blocked', 'redis'],
];

/** Settings that are each right and contradict each other. `prefix`: path of the service, for the messages. */
export function contradictions(settings: ServiceSettings, prefix: string, location: FindLocation): Problem[] {
  return [
    ...memoryProblems(settings, prefix, location),
    ...idleProblems(settings, prefix, location),
    ...protocolProblems(settings, settings.protocol, prefix, location),
  ];
}

/** standard ≤ maximum, where both are given. */
function memoryProblems(settings: ServiceSettings, prefix: string, location: FindLocation): Problem[] {
  const { standard, maximum } = settings.memory ?? {};
  if (standard === undefined || maximum === undefined || standard <= maximum) return [];
  const mb = (bytes: number) => `${Math.round(bytes / 1024 ** 2)}MB`;
  const message = `found ${mb(maximum)}, less than the standard of ${mb(standard)}`;
  return [problemAt(location('memory.maximum'), `${prefix}.memory.maximum`, message, 'standard ≤ maximum')];
}

/** freezeAfter < stopAfter, where both are given; either may be never. */
export function idleProblems(settings: ServiceSettings, prefix: string, location: FindLocation): Problem[] {
  const { freezeAfter, stopAfter } = settings.idle ?? {};
  if (typeof freezeAfter !== 'number' || typeof stopAfter !== 'number' || freezeAfter < stopAfter) return [];
  const message = `found a freezeAfter of ${formatDuration(freezeAfter)}, not shorter than the stopAfter of ${formatDuration(stopAfter)}`;
  return [problemAt(location('idle.freezeAfter'), `${prefix}.idle.freezeAfter`, message, 'freezeAfter < stopAfter')];
}

/** `ready` is asked by HTTP, also over TLS, and only Redis blocks; one port of the service that speaks it is enough. `protocol`: undefined when no source sets it. */
export function protocolProblems(
  settings: ServiceSettings,
  protocol: Protocol | undefined,
  prefix: string,
  location: FindLocation,
): Problem[] {
  const spoken = [protocol, ...Object.values(settings.ports ?? {}).map(port => port.protocol)];
  return KEY_OF_PROTOCOL.flatMap(([key, wanted, ...also]) => {
    const { [key]: value } = settings;
    if (value === undefined || value === false || protocol === undefined) return [];
    if (spoken.some(each => each === wanted || (each !== undefined && also.includes(each)))) return [];
    return [
      problemAt(
        location(key),
        `${prefix}.${key}`,
        `is for protocol ${wanted} only, and the protocol here is ${protocol}`,
        `protocol: ${wanted}, or no ${key}`,
      ),
    ];
  });
}

/** The settings of `under` without the keys that do not apply to the protocol of `over`: they were written for another protocol. */
export function fittingProtocol(under: ServiceSettings, over: ServiceSettings): ServiceSettings {
  if (over.protocol === undefined) return under;
  const useless: readonly string[] = KEY_OF_PROTOCOL.filter(([, ...wanted]) => !wanted.some(each => each === over.protocol)).map(
    ([key]) => key,
  );
  return Object.fromEntries(Object.entries(under).filter(([key]) => !useless.includes(key)));
}
