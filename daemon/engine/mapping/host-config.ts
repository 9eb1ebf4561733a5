import type Dockerode from 'dockerode';
import type { ContainerSpec, DeviceRequest, ServiceSpec } from '../../model/spec.js';
import type { LaunchOptions } from '../../ports/ports.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { EngineFacts } from '../client/facts.js';
import { contentFolders } from './content.js';
import { mountOptions } from './mounts.js';
import { namespaceMode, portBindings } from './networking.js';

interface LogConfig {
  readonly Type: string;
  readonly Config: Readonly<Record<string, string>>;
}

/** 10 MB × 3, so that a chatty service cannot fill the disk; an engine's own default keeps everything. */
const ROTATED: LogConfig = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } };

/** Log options that Podman's k8s-file driver takes; it keeps one file, and refuses options that it does not know. */
const PODMAN_OPTIONS = new Set(['path', 'max-size', 'tag']);

/** What the engine is told to do with the output; rotated files unless the Compose file says otherwise. */
function logConfig(logging: ContainerSpec['logging'], kind: 'docker' | 'podman'): LogConfig {
  const wanted = logging ? { Type: logging.driver, Config: logging.options } : ROTATED;
  if (kind === 'docker') return wanted;
  const type = wanted.Type === 'json-file' || wanted.Type === 'local' ? 'k8s-file' : wanted.Type;
  return { Type: type, Config: Object.fromEntries(Object.entries(wanted.Config).filter(([key]) => PODMAN_OPTIONS.has(key))) };
}

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

/** A quota in nano-CPUs. An engine refuses more cores than there are; a quota above them limits nothing, so it is cut to them. */
function cpuQuota(cores: number, available: number): number {
  return Math.round(Math.min(cores, available) * 1e9);
}

/**
 * The part of a cpuset (`0-3,5`) that this machine has: a file written for eight cores still runs on four, on those of the
 * named ones that exist. None left, or not a cpuset: config-invalid.
 */
function usableCpus(cpuset: string, available: number, service: string): string {
  const named = parseCpuset(cpuset);
  const usable = named?.filter(cpu => cpu < available);
  if (!usable || usable.length === 0) {
    throw new FailureError(
      failure('config-invalid', `${service}: cpuset "${cpuset}" names no CPU of this machine, which has 0-${available - 1}`, {
        service,
        cpuset,
        available,
      }),
    );
  }
  return usable.length === named?.length ? cpuset : usable.join(',');
}

/** Null when the text is not a cpuset. */
function parseCpuset(text: string): number[] | null {
  const cpus = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]);
    for (let cpu = first; cpu <= Number(match[2] ?? first); cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
