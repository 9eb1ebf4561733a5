import type Dockerode from 'dockerode';
import type { ContainerSpec, Healthcheck, PortSpec, ServiceSpec } from '../../model/spec.js';
import type { LaunchOptions } from '../../ports/ports.js';
import type { Ms } from '../../shared/span.js';
import { apiAtLeast, type EngineFacts } from '../client/facts.js';
import { hostConfig } from './host-config.js';
import { containerLabels, containerName } from './names.js';
import { type Attachment, attachments, endpointSettings } from './networking.js';

/** What POST /containers/create is sent, and what has to follow before the start. */
export interface CreateRequest {
  readonly query: { readonly name: string; readonly platform?: string };
  readonly body: Dockerode.ContainerCreateOptions;
  /** Further networks, connected after creation: an API below 1.44 takes one at creation. */
  readonly connect: readonly Attachment[];
}

/** Maps a service to the engine's create options. Pure; every field of ContainerSpec has its place here or in hostConfig(). */
export function createOptions(
  spec: ServiceSpec,
  container: ContainerSpec,
  options: LaunchOptions,
  facts: EngineFacts,
  instance: string,
): CreateRequest {
  const [first, ...rest] = attachments(spec, container, options.networks);
  const body: Dockerode.ContainerCreateOptions = {
    Image: container.image,
    Env: Object.entries(container.environment).map(([key, value]) => `${key}=${value}`),
    Labels: { ...container.labels, ...containerLabels(spec, options, instance) },
    ExposedPorts: exposedPorts(container.ports, container.expose),
    Tty: container.tty,
    OpenStdin: container.stdinOpen,
    StopTimeout: Math.ceil(spec.stopTimeout / 1000),
    ...processOptions(container),
    ...(container.healthcheck ? { Healthcheck: healthcheck(container.healthcheck, facts) } : {}),
    HostConfig: hostConfig(spec, container, options, facts, first?.name ?? null),
    ...(first ? { NetworkingConfig: { EndpointsConfig: { [first.name]: endpointSettings(first) } } } : {}),
  };
  const platform = container.platform === null ? {} : { platform: container.platform };
  return { query: { name: containerName(spec.project, spec.name), ...platform }, body, connect: rest };
}

/** Fields that the image decides when the file leaves them out: an absent key, not an empty one. */
function processOptions(container: ContainerSpec): Partial<Dockerode.ContainerCreateOptions> {
  return {
    ...(container.command ? { Cmd: [...container.command] } : {}),
    ...(container.entrypoint ? { Entrypoint: [...container.entrypoint] } : {}),
    ...(container.user === null ? {} : { User: container.user }),
    ...(container.workingDir === null ? {} : { WorkingDir: container.workingDir }),
    ...(container.hostname === null ? {} : { Hostname: container.hostname }),
    ...(container.domainname === null ? {} : { Domainname: container.domainname }),
    ...(container.stopSignal === null ? {} : { StopSignal: container.stopSignal }),
  };
}

/** StartInterval is an error of its own below API 1.44, and Podman's compatible API speaks 1.41. */
function healthcheck(check: Healthcheck, facts: EngineFacts): Dockerode.HealthConfig {
  const nanoseconds = (name: string, value: Ms | null): object => (value === null ? {} : { [name]: Math.round(value * 1_000_000) });
  return {
    Test: [...check.test],
    ...nanoseconds('Interval', check.interval),
    ...nanoseconds('Timeout', check.timeout),
    ...nanoseconds('StartPeriod', check.startPeriod),
    ...(apiAtLeast(facts.apiVersion, '1.44') ? nanoseconds('StartInterval', check.startInterval) : {}),
    ...(check.retries === null ? {} : { Retries: check.retries }),
  };
}

/** `expose` entries are `80`, `80/udp` or a range `3000-3005/tcp`. */
function exposedPorts(ports: readonly PortSpec[], expose: readonly string[]): Record<string, object> {
  const exposed: Record<string, object> = {};
  for (const port of ports) exposed[`${port.container}/${port.protocol}`] = {};
  for (const text of expose) {
    const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(text);
    if (!match) continue;
    const first = Number(match[1]);
    for (let port = first; port <= Number(match[2] ?? first); port++) exposed[`${port}/${match[3] ?? 'tcp'}`] = {};
  }
  return exposed;
}
