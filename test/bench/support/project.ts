import type { ContainerSpec, ProjectSpec, ServiceSpec } from '../../../daemon/model/spec.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { containerSpec, defaultNetwork, projectSpec, serviceSpec } from '../../scheduler/specs.js';

/** A static busybox, made by tinyImage. */
export const IMAGE = 'ldt-bench-tiny:1';

/** A health check that costs the container as little as can be. */
export const CHECK: ContainerSpec['healthcheck'] = {
  test: ['CMD', 'true'],
  interval: 30_000,
  timeout: 5_000,
  startPeriod: null,
  startInterval: null,
  retries: 3,
};

/** A project whose services sleep under hard limits on a network of their own, as a Compose file would give it. */
export function benchProject(name: string, root: string, services: readonly string[], check: ContainerSpec['healthcheck']): ProjectSpec {
  return projectSpec({
    name,
    root,
    networks: [defaultNetwork(name)],
    services: services.map(service => benchService(name, service, check)),
  });
}

function benchService(project: string, name: string, check: ContainerSpec['healthcheck']): ServiceSpec {
  const networks = [{ network: 'default', aliases: [name], ipv4: null, ipv6: null }];
  const container = containerSpec({ image: IMAGE, command: ['sleep', '100000'], networks, cpus: 1, pidsLimit: 64, healthcheck: check });
  return serviceSpec({ project, name, memory: { standard: 32 * MiB, maximum: 64 * MiB }, stopTimeout: 0, container });
}
