import { LABEL } from '../../model/labels.js';
import type { ContainerCheck, ObservedContainer } from '../../model/observed.js';
import { SIGTERM } from '../../model/signals.js';
import type { StartMode } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import { signalNumber } from './signal-number.js';

/** Ports that an image may expose and that are looked at. */
const MOST_EXPOSED = 64;

/** The parts of GET /containers/ID/json that are read. Docker and Podman leave different ones out, so nothing is taken for granted. */
export interface Inspected {
  readonly Id: string;
  readonly Name?: string;
  readonly Image?: string;
  readonly State?: {
    readonly Status?: string;
    readonly OOMKilled?: boolean;
    readonly Pid?: number;
    readonly ExitCode?: number;
    readonly StartedAt?: string;
    readonly Health?: { readonly Status?: string } | null | undefined;
  };
  readonly Config?: {
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Tty?: boolean;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null | undefined;
    /** The shell that the image names for commands written as text (SHELL of its Dockerfile). */
    readonly Shell?: readonly string[] | null | undefined;
    readonly StopSignal?: string | undefined;
    readonly Healthcheck?:
      | {
          readonly Test?: readonly string[] | undefined;
          readonly Interval?: number | undefined;
          readonly Timeout?: number | undefined;
          readonly StartPeriod?: number | undefined;
          readonly Retries?: number | undefined;
        }
      | null
      | undefined;
  };
  /** Docker: of what is created or runs. Podman: of all, ended ones too. */
  readonly ExecIDs?: readonly string[] | null | undefined;
  readonly HostConfig?: { readonly Memory?: number | undefined };
  readonly Mounts?:
    | readonly {
        readonly Type?: string;
        readonly Name?: string | undefined;
        readonly Source?: string;
        readonly Driver?: string | undefined;
        readonly Destination?: string;
        readonly RW?: boolean;
      }[]
    | null;
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>> | null;
    readonly Networks?: Readonly<
      Record<
        string,
        { readonly IPAddress?: string; readonly Gateway?: string | undefined; readonly Aliases?: readonly string[] | null } | null
      >
    > | null;
  };
}

/** Maps an engine's answer to what decisions need; `sessions` takes further questions (sessions.ts). Pure. */
export function mapInspect(raw: Inspected): ObservedContainer {
  const labels = raw.Config?.Labels ?? {};
  const status = mapStatus(raw.State?.Status ?? '');
  const alive = status === 'running' || status === 'paused';
  const standard = bytesLabel(labels[LABEL.standard]);
  return {
    id: raw.Id,
    name: (raw.Name ?? '').replace(/^\//, ''),
    project: labels[LABEL.project] ?? '',
    service: labels[LABEL.service] ?? '',
    profile: labels[LABEL.profile] ?? '',
    root: labels[LABEL.composeWorkingDir] ?? '',
    configHash: labels[LABEL.configHash] ?? '',
    wiring: labels[LABEL.wiring] ?? '',
    image: imageIdOf(raw.Image),
    status,
    health: mapHealth(raw.State?.Health?.Status),
    exitCode: status === 'exited' || status === 'dead' ? (raw.State?.ExitCode ?? null) : null,
    oomKilled: raw.State?.OOMKilled ?? false,
    pid: alive ? raw.State?.Pid || null : null,
    limit: raw.HostConfig?.Memory ?? 0,
    memory: { standard, maximum: Math.max(bytesLabel(labels[LABEL.maximum]), standard) },
    priority: bytesLabel(labels[LABEL.priority]),
    start: mapStart(labels[LABEL.start]),
    dependsOn: (labels[LABEL.dependsOn] ?? '').split(',').filter(name => name !== ''),
    startedAt: mapTime(raw.State?.StartedAt),
    ports: alive ? mapPorts(raw) : [],
    exposed: exposedPorts(raw.Config?.ExposedPorts),
    check: mapCheck(raw.Config),
    ip: alive ? (mapNetwork(raw)?.IPAddress ?? null) : null,
    gateway: alive ? mapNetwork(raw)?.Gateway || null : null,
    stopSignal: signalNumber(raw.Config?.StopSignal) ?? SIGTERM,
    sessions: [],
    anonymousVolumes: anonymousVolumes(raw),
  };
}

/** TCP ports of `80/tcp`, `80` and their like; an image may expose hundreds. */
export function exposedPorts(exposed: Readonly<Record<string, unknown>> | null | undefined): readonly number[] {
  const ports = Object.keys(exposed ?? {}).flatMap(key => {
    const [, port, protocol = 'tcp'] = /^(\d{1,5})(?:\/([a-z]+))?$/.exec(key) ?? [];
    return port !== undefined && protocol === 'tcp' && Number(port) > 0 && Number(port) < 65_536 ? [Number(port)] : [];
  });
  return ports.sort((a, b) => a - b).slice(0, MOST_EXPOSED);
}

/**
 * What the engine runs as health check: the image's, with what the file says laid over it key by key, as Docker merges the two when it makes
 * the container. Text is for the image's shell, as the engine has it. 0 and absent: not given.
 */
export function mapCheck(config: Inspected['Config']): ContainerCheck | null {
  const { Test = [], Interval, Timeout, StartPeriod, Retries } = config?.Healthcheck ?? {};
  const [kind, ...words] = Test;
  if (words.length === 0 || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return null;
  const shell = config?.Shell && config.Shell.length > 0 ? config.Shell : ['/bin/sh', '-c'];
  const ms = (nanoseconds: number | undefined): Ms | null => (nanoseconds ? nanoseconds / 1e6 : null);
  return {
    command: kind === 'CMD' ? words : [...shell, words.join(' ')],
    interval: ms(Interval),
    timeout: ms(Timeout),
    startPeriod: ms(StartPeriod),
    retries: Retries || null,
  };
}

/** Docker writes `sha256:`, Podman does not. */
export function imageIdOf(id: string | undefined): string {
  return (id ?? '').replace(/^sha256:/, '');
}

/** Podman's own states are configured (created), initialized, stopping and stopped beside the common ones. */
function mapStatus(status: string): ObservedContainer['status'] {
  switch (status) {
    case 'running':
    case 'stopping':
      return 'running';
    case 'paused':
    case 'restarting':
    case 'removing':
    case 'exited':
    case 'dead':
      return status;
    case 'stopped':
      return 'exited';
    default:
      return 'created';
  }
}

function mapHealth(status: string | undefined): ObservedContainer['health'] {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

function mapStart(text: string | undefined): StartMode {
  return text === 'on-demand' || text === 'manual' ? text : 'eager';
}

/** A whole number from a label; 0 when it is missing or was tampered with. */
function bytesLabel(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** Go's zero time, 0001-01-01, is "never". */
function mapTime(text: string | undefined): Ms | null {
  const at = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) || at <= 0 ? null : at;
}

function mapPorts(raw: Inspected): ObservedContainer['ports'] {
  const ports: ObservedContainer['ports'][number][] = [];
  for (const [key, bindings] of Object.entries(raw.NetworkSettings?.Ports ?? {})) {
    const [container, protocol] = key.split('/');
    for (const binding of bindings ?? []) {
      const host = Number(binding.HostPort);
      if (!(host > 0)) continue;
      ports.push({ hostIp: binding.HostIp || '0.0.0.0', host, container: Number(container), protocol: protocol === 'udp' ? 'udp' : 'tcp' });
    }
  }
  return ports;
}

/** The first network with an address; Docker lists a container's networks by name, so two answers agree. */
function mapNetwork(raw: Inspected): { readonly IPAddress?: string; readonly Gateway?: string | undefined } | null {
  return Object.values(raw.NetworkSettings?.Networks ?? {}).find(each => each?.IPAddress) ?? null;
}

/** Engines name anonymous volumes with 64 hex digits; one that was carried over keeps its name. */
function anonymousVolumes(raw: Inspected): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { Type, Name, Destination } of raw.Mounts ?? []) {
    if (Type === 'volume' && Destination && Name && /^[0-9a-f]{64}$/.test(Name)) found[Destination] = Name;
  }
  return found;
}
