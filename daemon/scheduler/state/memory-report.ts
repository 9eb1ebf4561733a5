import type { ServiceSpec } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { liveContainer } from './service-state.js';
import type { ServiceEntry, World } from './world.js';

/** What a service has said of itself, while its container runs. */
export interface MemoryReport {
  readonly container: string;
  /** Its limit must not fall below this: what it has loaded, or loads, needs it; bytes. */
  readonly holds: Bytes;
  /** `share`: 0 to 1. */
  readonly loading: { readonly model: string; readonly share: number } | null;
  readonly model: string | null;
}

/** A limit that a service has asked for. */
export interface MemoryRequest {
  readonly container: string;
  readonly bytes: Bytes;
  readonly since: Ms;
  /** Then it is refused. */
  readonly until: Ms;
  readonly isAnswered: boolean;
}

/** The service gets no more than its standard at its start, and requests more by itself when it needs it. */
export function requestsOwnMemory({ runtime }: Pick<ServiceSpec, 'runtime'>): boolean {
  return runtime === 'llm';
}

/** What its running container has said last. */
export function reportOf({ memoryReport, state }: Pick<ServiceEntry, 'memoryReport' | 'state'>): MemoryReport | null {
  return memoryReport !== null && liveContainer(state) === memoryReport.container ? memoryReport : null;
}

const NOBODY: ReadonlyMap<string, ServiceEntry> = new Map();

/** Services whose memory reports are to be read, by container. Called after each decision. */
export function reportingServices(world: Pick<World, 'services'>): ReadonlyMap<string, ServiceEntry> {
  let found: Map<string, ServiceEntry> | null = null;
  for (const entry of world.services.values()) {
    const { state } = entry;
    if (!requestsOwnMemory(entry.spec) || state.kind !== 'running' || state.frozen) continue;
    found ??= new Map();
    found.set(state.container, entry);
  }
  return found ?? NOBODY;
}
