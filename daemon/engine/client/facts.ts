import type { EngineInfo } from '../../api/engine-info.js';
import type { Bytes } from '../../shared/bytes.js';

/** What create options and warnings depend on. */
export interface EngineFacts {
  readonly kind: 'docker' | 'podman';
  readonly version: string;
  /** Agreed on: the newest that both sides know. */
  readonly apiVersion: string;
  readonly cgroupVersion: '1' | '2';
  readonly memoryTotal: Bytes;
  readonly cpus: number;
  readonly memoryLimit: boolean;
  readonly swapLimit: boolean;
  /** Its administrator has said where networks get their subnets from (Docker's default-address-pools). */
  readonly ownPools: boolean;
}

/** The parts of GET /version and /info that are read; Podman's compatible API leaves some out. */
export interface EngineVersion {
  readonly Version?: string;
  readonly ApiVersion?: string;
  readonly MinAPIVersion?: string;
  readonly Components?: readonly { readonly Name?: string }[];
}
export interface EngineSystem {
  readonly CgroupVersion?: string;
  readonly MemTotal?: number;
  readonly NCPU?: number;
  readonly MemoryLimit?: boolean;
  readonly SwapLimit?: boolean;
  readonly DefaultAddressPools?: readonly unknown[] | null;
}

/** The newest API whose answers this code has been written for; engines answer it from Docker 28 on. */
const NEWEST = '1.50';

export function mapFacts(version: EngineVersion, system: EngineSystem): EngineFacts {
  const podman = version.Components?.some(each => /podman/i.test(each.Name ?? '')) ?? false;
  return {
    kind: podman ? 'podman' : 'docker',
    version: version.Version ?? 'unknown',
    apiVersion: agree(version.ApiVersion ?? '1.41', version.MinAPIVersion ?? '1.24'),
    cgroupVersion: system.CgroupVersion === '2' ? '2' : '1',
    memoryTotal: system.MemTotal ?? 0,
    cpus: system.NCPU ?? 1,
    // Absent is not false: only an engine that says so lacks it.
    memoryLimit: system.MemoryLimit !== false,
    swapLimit: system.SwapLimit !== false,
    ownPools: (system.DefaultAddressPools ?? []).length > 0,
  };
}

/** The newest version both know; the engine's oldest when that is newer than ours (Docker raises it now and then: 29 asks for 1.44). */
export function agree(newest: string, oldest: string): string {
  const both = apiAtLeast(newest, NEWEST) ? NEWEST : newest;
  return apiAtLeast(both, oldest) ? both : oldest;
}

/** Whether API `version` is `wanted` or newer; `1.9` is older than `1.41`. */
export function apiAtLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

export function mapInfo(facts: EngineFacts, endpoint: string, noticed: readonly string[]): EngineInfo {
  const { kind, version, apiVersion, cgroupVersion, memoryTotal } = facts;
  return { kind, version, apiVersion, cgroupVersion, memoryTotal, endpoint, warnings: [...warnings(facts), ...noticed] };
}

function warnings(facts: EngineFacts): string[] {
  const found: string[] = [];
  if (!facts.memoryLimit) found.push('This engine cannot limit memory (cgroup memory controller off): services are refused.');
  if (!facts.swapLimit) {
    found.push('The kernel does not account for swap: a service at its memory limit may swap beyond it (boot with swapaccount=1).');
  }
  return found;
}
