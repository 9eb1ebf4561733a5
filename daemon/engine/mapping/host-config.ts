import type Dockerode from 'dockerode';
import type { ContainerSpec, DeviceRequest, ServiceSpec } from '../../model/spec.js';
import type { LaunchOptions } from '../../ports/ports.js';
import type { EngineFacts } from '../client/facts.js';
import { contentFolders } from './content.js';
import { cpuQuota, usableCpus } from './cpus.js';
import { logConfig } from './log-config.js';
import { mountOptions } from './mounts.js';
import { namespaceMode, portBindings } from './networking.js';

/** The HostConfig part of the create options: limits, mounts, ports, namespaces, rights. */
export function hostConfig(
  spec: ServiceSpec,
  container: ContainerSpec,
  options: LaunchOptions,
  facts: EngineFacts,
  network: string | null,
): Dockerode.HostConfig {
  const mode = container.networkMode === null ? network : namespaceMode(container.networkMode, spec.project);
  return {
    ...limits(spec, container, options.grant, facts),
    // Eviction and crash back-off are the daemon's: an engine that restarts by itself fights both.
    RestartPolicy: { Name: 'no' },
    ...mountOptions(container.mounts, options.volumes, options.carryOver, contentFolders(container)),
    PortBindings: portBindings(container.ports),
    ...(mode === null ? {} : { NetworkMode: mode }),
    LogConfig: logConfig(container.logging, facts.kind),
    ...rights(container),
    ...namespaces(spec, container),
    ...system(container),
  };
}

/**
 * MemorySwap equal to Memory means no swap at all (unset, it means twice the memory). MemorySwappiness is left
 * alone: without swap it has no effect, and cgroup v2 refuses it.
 */
function limits(spec: ServiceSpec, container: ContainerSpec, grant: number, facts: EngineFacts): Dockerode.HostConfig {
  return {
    Memory: grant,
    MemorySwap: grant,
    MemoryReservation: Math.min(spec.memory.standard, grant),
    ...(container.cpuShares === null ? {} : { CpuShares: container.cpuShares }),
    ...(container.cpus === null ? {} : { NanoCpus: cpuQuota(container.cpus, facts.cpus) }),
    ...(container.cpuset === null ? {} : { CpusetCpus: usableCpus(container.cpuset, facts.cpus, spec.name) }),
    ...(container.pidsLimit === null ? {} : { PidsLimit: container.pidsLimit }),
    ...(container.oomScoreAdj === null ? {} : { OomScoreAdj: container.oomScoreAdj }),
    ...(container.shmSize === null ? {} : { ShmSize: container.shmSize }),
  };
}

function rights(container: ContainerSpec): Dockerode.HostConfig {
  return {
    Privileged: container.privileged,
    ReadonlyRootfs: container.readOnly,
    CapAdd: [...container.capAdd],
    CapDrop: [...container.capDrop],
    SecurityOpt: [...container.securityOpt],
    GroupAdd: [...container.groupAdd],
    ...(container.engineRuntime === undefined ? {} : { Runtime: container.engineRuntime }),
    ...(container.deviceRequests === undefined ? {} : { DeviceRequests: container.deviceRequests.map(deviceRequest) }),
    Devices: container.devices.map(text => {
      const [host = '', inside = host, permissions = 'rwm'] = text.split(':');
      return { PathOnHost: host, PathInContainer: inside, CgroupPermissions: permissions };
    }),
  };
}

function deviceRequest({ driver, count, ids, capabilities, options }: DeviceRequest) {
  return { Driver: driver ?? '', Count: count, DeviceIDs: [...ids], Capabilities: [[...capabilities]], Options: { ...options } };
}

function namespaces(spec: ServiceSpec, container: ContainerSpec): Dockerode.HostConfig {
  return {
    ...(container.pid === null ? {} : { PidMode: namespaceMode(container.pid, spec.project) }),
    ...(container.ipc === null ? {} : { IpcMode: namespaceMode(container.ipc, spec.project) }),
    ...(container.usernsMode === null ? {} : { UsernsMode: container.usernsMode }),
  };
}

function system(container: ContainerSpec): Dockerode.HostConfig {
  return {
    ExtraHosts: [...container.extraHosts],
    Dns: [...container.dns],
    DnsSearch: [...container.dnsSearch],
    DnsOptions: [...container.dnsOptions],
    Sysctls: { ...container.sysctls },
    Ulimits: container.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    ...(container.init === null ? {} : { Init: container.init }),
  };
}
