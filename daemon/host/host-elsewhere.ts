import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';

/** The part of systeminformation that is used. */
export interface System {
  mem(): Promise<{ readonly available: Bytes; readonly swaptotal: Bytes; readonly swapfree: Bytes }>;
}

interface SystemMemory {
  readonly available: Bytes;
  readonly swapTotal: Bytes;
  readonly swapFree: Bytes;
}

/** It starts processes where there is no /proc. */
const EVERY: Ms = 5_000;

/** Takes 20 ms and 4 MB: only where there is no /proc. */
export const loadSystem = (): Promise<System> => import('systeminformation');

/**
 * Memory of a machine without /proc, where only processes can tell it: what was told last, null before the first answer. Asked again in the
 * background by whoever looks, at most every 5 s.
 */
export function systemMemory(load: () => Promise<System>): () => SystemMemory | null {
  let last: SystemMemory | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  const ask = async (): Promise<void> => {
    const { available, swaptotal, swapfree } = await (await load()).mem();
    last = { available, swapTotal: swaptotal, swapFree: swapfree };
  };
  return () => {
    if (performance.now() - askedAt >= EVERY) {
      askedAt = performance.now();
      // Unanswered, the figure before stands.
      void ask().catch(() => undefined);
    }
    return last;
  };
}
