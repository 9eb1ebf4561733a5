import type { MemoryClaim, MemoryHolder } from '../../../daemon/scheduler/eviction/preemption.js';
import { MiB } from '../../../daemon/shared/bytes.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const NOW = 10_000_000;
export const CLAIM: MemoryClaim = { id: 'shop/api', priority: 60 };

/** `shop/NAME`: 256 MB at its standard, of priority 50, up for ten minutes, used two minutes ago, evictable. */
export function holding(name: string, change: Partial<MemoryHolder> = {}): MemoryHolder {
  return {
    id: `shop/${name}`,
    priority: 50,
    standard: 256 * MiB,
    grant: 256 * MiB,
    workingSet: 200 * MiB,
    peak: 210 * MiB,
    lastUseAt: NOW - 2 * MINUTE,
    since: NOW - 10 * MINUTE,
    idle: 15 * MINUTE,
    frozen: false,
    shrinkable: false,
    protectedBy: null,
    ...change,
  };
}
