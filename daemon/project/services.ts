import type { ComposeProject } from '../compose/types.js';
import { dependenciesOf } from '../core/graph.js';
import type { ServiceSpec } from '../core/model.js';
import { nearestName } from '../core/nearest.js';
import type { Problem } from '../core/problem.js';
import type { Profile } from '../profiles/merge.js';
import { withRealPaths } from './real-paths.js';
import { serviceSpecOf } from './service.js';

export interface Resolved {
  readonly services: readonly ServiceSpec[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * The services of the Compose file with the figures of the profile. A profile that names services is made of those: the
 * others stay off until they are named (manual), or needed by one that is not (on-demand). Without names, or without a
 * profile, all of `active` come up, as with Compose.
 */
export async function resolveServices(
  compose: ComposeProject,
  profile: Profile | null,
  active: ReadonlySet<string>,
  context: { readonly project: string; readonly root: string },
): Promise<Resolved> {
  const members = profile !== null && profile.listed.size > 0 ? profile.listed : active;
  const problems: Problem[] = [];
  const services: ServiceSpec[] = [];
  for (const service of compose.services) {
    const container = await withRealPaths(service.container, context.root);
    const settings = profile?.services.get(service.name) ?? {};
    const result = serviceSpecOf({ project: context.project, compose: { ...service, container }, profile: settings, start: 'eager' });
    problems.push(...result.problems);
    services.push(members.has(service.name) ? result.spec : { ...result.spec, start: 'manual' });
  }
  return {
    services: services.map(service => onDemandIfNeeded(service, services, members)),
    problems: profile === null ? problems : [...problems, ...unknownServices(profile, compose)],
    warnings: profile === null ? [] : absentServices(profile, compose),
  };
}

function onDemandIfNeeded(service: ServiceSpec, services: readonly ServiceSpec[], members: ReadonlySet<string>): ServiceSpec {
  if (members.has(service.name)) return service;
  const needed = services.some(other => other.start !== 'manual' && dependenciesOf(services, other.name).includes(service.name));
  return needed ? { ...service, start: 'on-demand' } : service;
}

/** Services of the profile that no Compose file defines, although not even the table of figures knows them: a slip of the pen. */
function unknownServices(profile: Profile, compose: ComposeProject): Problem[] {
  const names = compose.services.map(service => service.name);
  const unknown = [...profile.listed].filter(name => !names.includes(name) && !profile.tabled.has(name));
  return unknown.map(name => ({
    ...profile.place(name),
    key: `services.${name}`,
    message: 'no Compose file defines it',
    expected: `one of ${names.join(', ')}`,
    nearest: nearestName(name, names),
  }));
}

/** Those that the table has figures for come with a later Compose file: one warning for all of them. */
function absentServices(profile: Profile, compose: ComposeProject): Problem[] {
  const names = new Set(compose.services.map(service => service.name));
  const absent = [...profile.listed].filter(name => !names.has(name) && profile.tabled.has(name));
  const [first] = absent;
  if (first === undefined) return [];
  const message = `left out, because no Compose file defines them: ${absent.join(', ')}`;
  return [{ ...profile.place(first), key: 'services', message, expected: null, nearest: null }];
}
