import { findCycle } from '../../../model/graph.js';
import { nearestName } from '../../../shared/nearest.js';
import type { Cursor } from '../tree/cursor.js';
import type { Report } from '../tree/report.js';
import type { LocatedDependency } from './depends-on.js';
import type { NormalisedService } from './service.js';

/** Services that exist but belong to profiles that are not active: name → those profiles. */
export type Inactive = ReadonlyMap<string, readonly string[]>;

/** Checks that only make sense over all services: what they depend on, circles, ports. */
export function checkReferences(services: readonly NormalisedService[], inactive: Inactive, report: Report): void {
  const names = new Set(services.map(({ service }) => service.name));
  for (const { dependencies } of services) for (const dependency of dependencies) checkDependency(dependency, names, inactive, report);
  checkCircle(services, report);
  checkPorts(services);
}

function checkDependency({ spec, at }: LocatedDependency, names: ReadonlySet<string>, inactive: Inactive, report: Report): void {
  if (names.has(spec.service)) return;
  const profiles = inactive.get(spec.service);
  // An optional dependency may be switched off by its profile, but must be known.
  if (profiles !== undefined && !spec.required) return;
  if (profiles !== undefined) {
    report.error(
      at.keyLocation,
      at.path,
      `the service ${spec.service} is only part of the profile ${profiles.join(', ')}, which is not active`,
      {
        expected: 'an active profile, or required: false',
      },
    );
    return;
  }
  const nearest = report.full ? null : nearestName(spec.service, [...names, ...inactive.keys()]);
  report.error(at.keyLocation, at.path, `no service "${spec.service}" is defined`, { nearest });
}

function checkCircle(services: readonly NormalisedService[], report: Report): void {
  const circle = findCycle(services.map(({ service }) => ({ name: service.name, dependsOn: service.dependsOn })));
  if (circle === null) return;
  const [from, to] = circle;
  const dependency = services.find(({ service }) => service.name === from)?.dependencies.find(({ spec }) => spec.service === to);
  if (dependency === undefined) return;
  report.error(dependency.at.keyLocation, dependency.at.path, `services depend on each other in a circle: ${circle.join(' → ')}`);
}

/** Two services cannot publish on the same address and port; any address at all includes every one. */
function checkPorts(services: readonly NormalisedService[]): void {
  const taken = new Map<string, { ip: string; name: string; at: Cursor }[]>();
  for (const { service, ports } of services) {
    for (const { spec, at } of ports) {
      if (spec.host === null) continue;
      const key = `${spec.host}/${spec.protocol}`;
      const others = taken.get(key) ?? [];
      const other = others.find(({ ip }) => overlap(ip, spec.hostIp));
      if (other !== undefined) {
        at.error(
          `${spec.hostIp}:${key} is published by ${other.name} already, at line ${other.at.location.line} of ${other.at.location.source.file}`,
        );
      }
      taken.set(key, [...others, { ip: spec.hostIp, name: service.name, at }]);
    }
  }
}

function overlap(a: string, b: string): boolean {
  if (a === b) return true;
  const wide = (ip: string): boolean => ip === '0.0.0.0' || ip === '::';
  return wide(a) || wide(b) ? a.includes(':') === b.includes(':') || a === '::' || b === '::' : false;
}
