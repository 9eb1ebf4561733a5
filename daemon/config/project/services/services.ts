import { dependenciesOf } from '../../../model/graph.js';
import { canSleep, whyAwake } from '../../../model/listeners.js';
import type { ServiceSpec, StartMode } from '../../../model/spec.js';
import { nearestName } from '../../../shared/nearest.js';
import type { Problem } from '../../../shared/problem.js';
import type { ComposeProject, ComposeService } from '../../compose/types.js';
import type { Profile } from '../../profiles/merge.js';
import { withRealPaths } from './real-paths.js';
import { hashed, serviceSpecOf } from './service.js';
import type { SettingOrigin } from './setting-origin.js';

export interface ResolvedServices {
  readonly services: readonly ServiceSpec[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Services of the profile that no Compose file defines, although the table has figures for them. */
  readonly leftOut: readonly string[];
}

/** A service as profile and Compose file have it, before membership decides whether it is on. */
interface Found {
  readonly spec: ServiceSpec;
  readonly compose: ComposeService;
  readonly problems: readonly Problem[];
  readonly origin: (key: string) => SettingOrigin | null;
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
): Promise<ResolvedServices> {
  const members = profile !== null && profile.listed.size > 0 ? profile.listed : active;
  // `replicas: 0`: described, but not run until it is named; what depends on it does not wait for it, as in Compose.
  const off = new Set(
    compose.services.filter(service => service.off && profile?.listed.has(service.name) !== true).map(({ name }) => name),
  );
  const extended = compose.services.some(service => service.extension !== null);
  const parseBlock = extended ? (await import('../../profiles/parse.js')).parseServiceBlock : null;
  const found: Found[] = [];
  for (const service of compose.services) {
    const { name } = service;
    const input = {
      project: context.project,
      compose: {
        ...service,
        dependsOn: service.dependsOn.filter(on => !off.has(on.service)),
        container: withRealPaths(service.container),
      },
      profile: profile?.services.get(name) ?? {},
      profileLocation: (key: string) => profile?.location(name, key) ?? service.position,
      parseBlock,
      start: off.has(name) ? ('manual' as const) : ('eager' as const),
    };
    found.push({ ...serviceSpecOf(input), compose: input.compose });
  }
  const specs = found.map(({ spec }) => (members.has(spec.name) ? spec : startedAs('manual', spec)));
  const services = specs.map(service => onDemandIfNeeded(service, specs, members));
  const problems = found.flatMap(each => each.problems);
  // Of a service that is off nothing is asked, whatever a table of figures says of it.
  const on = found.filter(
    ({ spec }) => members.has(spec.name) || services.some(other => other.name === spec.name && other.start !== 'manual'),
  );
  const warnings = on.flatMap(({ spec, compose: from, origin }) => awakeWarnings(spec, from, origin));
  const leftOut = profile === null ? [] : absentServices(profile, compose);
  return {
    services,
    leftOut,
    problems: profile === null ? problems : [...problems, ...unknownServices(profile, compose)],
    warnings: profile === null ? warnings : [...leftOutWarning(profile, leftOut), ...warnings],
  };
}

function onDemandIfNeeded(service: ServiceSpec, services: readonly ServiceSpec[], members: ReadonlySet<string>): ServiceSpec {
  if (members.has(service.name)) return service;
  const needed = services.some(other => other.start !== 'manual' && dependenciesOf(services, other.name).includes(service.name));
  return needed ? startedAs('on-demand', service) : service;
}

/** The start mode decides whether the service can sleep, and with that how its container is created: the hash is computed again. */
function startedAs(start: StartMode, spec: ServiceSpec): ServiceSpec {
  return hashed({ ...spec, start });
}

/** Services of the profile that no Compose file defines, although not even the table of figures knows them: a slip of the pen. */
function unknownServices(profile: Profile, compose: ComposeProject): Problem[] {
  const names = compose.services.map(service => service.name);
  const unknown = [...profile.listed].filter(name => !names.includes(name) && !profile.tabled.has(name));
  return unknown.map(name => ({
    ...profile.location(name),
    key: `services.${name}`,
    message: 'no Compose file defines it',
    expected: `one of ${names.join(', ')}`,
    nearest: nearestName(name, names),
  }));
}

/** Those that the table has figures for come with a later Compose file. */
function absentServices(profile: Profile, compose: ComposeProject): string[] {
  const names = new Set(compose.services.map(service => service.name));
  return [...profile.listed].filter(name => !names.has(name) && profile.tabled.has(name));
}

function leftOutWarning(profile: Profile, leftOut: readonly string[]): Problem[] {
  const [first] = leftOut;
  if (first === undefined) return [];
  const message = `left out, because no Compose file defines them: ${leftOut.join(', ')}`;
  return [{ ...profile.location(first), key: 'services', message, expected: null, nearest: null }];
}

/**
 * Warnings for a service that was asked to sleep: that it cannot, at each key that asks, and what to write instead; or which of its
 * ports do not wake it. `origin`: where a key was written, null where it was not.
 */
function awakeWarnings(spec: ServiceSpec, compose: ComposeService, origin: (key: string) => SettingOrigin | null): readonly Problem[] {
  const why = whyAwake(spec);
  if (why !== null) return [...unheard('start', why, spec, origin), ...unheard('idle', why, spec, origin)];
  if (!canSleep(spec)) return [];
  const plain = compose.container.ports.filter(port => port.protocol === 'tcp' && port.host === null).map(port => port.container);
  if (plain.length === 0) return [];
  const message = `no fixed host port for ${plain.join(', ')}: the engine publishes a free one, and connecting there does not wake it`;
  const expected = `HOST:CONTAINER, as ${plain[0]}:${plain[0]}`;
  return [{ ...compose.position, key: `services.${spec.name}.ports`, message, expected, nearest: null }];
}

function unheard(key: 'start' | 'idle', why: string, spec: ServiceSpec, origin: (key: string) => SettingOrigin | null): Problem[] {
  const asks = key === 'start' ? spec.start === 'on-demand' : spec.idle !== null || spec.activation.freezeAfter !== null;
  const location = asks ? origin(key) : null;
  if (location === null) return [];
  const expected = key === 'start' ? 'eager or manual (it starts with its profile)' : 'never (it is not put to sleep)';
  return [{ ...location, message: why, expected, nearest: null }];
}
