import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { FailureError } from '../../shared/failure.js';

/** Where a limit ended, and why it did not reach its target; null: it did. */
export interface Shrunk {
  readonly limit: Bytes;
  readonly reason: string | null;
}

/** Share of the limit that one step leaves, and room above the working set: docs/design/memory.md, "Limits". */
const STEP = 0.9;
const ROOM = 1.25;

/**
 * Lowers a running container's limit towards `target` without ever risking an OOM kill, and never below `floor` (1.25 × its recent peak).
 * The kernels differ (docs/design/memory.md, "Limits"): v1 refuses a limit below the usage and everything stays as it was, so one call will do; v2 takes
 * it, reclaims what it can and kills when that is not enough, so the way down goes in steps of at most 10 %, each with a fresh working
 * set (`measure`, null: unknown) that leaves room. Resolves to the limit that holds in the end, with the reason where that is above
 * `target`. Throws only where `resize` fails with something else than limit-not-applied: which limit stands must be inspected then.
 */
export async function shrink(
  resize: (limit: Bytes) => Promise<void>,
  measure: () => Bytes | null | Promise<Bytes | null>,
  cgroupVersion: '1' | '2',
  from: Bytes,
  target: Bytes,
  floor: Bytes,
): Promise<Shrunk> {
  if (from <= target) return { limit: from, reason: null };
  const goal = Math.max(target, floor);
  const short = goal > target ? `its recent peak needs ${formatBytes(floor)}` : null;
  if (goal >= from) return { limit: from, reason: short };
  let limit = from;
  while (limit > goal) {
    const next = cgroupVersion === '1' ? goal : Math.max(goal, Math.ceil(limit * STEP));
    const reason = (cgroupVersion === '2' ? tooTight(await measure(), next) : null) ?? (await refused(resize, next));
    if (reason !== null) return { limit, reason };
    limit = next;
  }
  return { limit, reason: short };
}

function tooTight(workingSet: Bytes | null, next: Bytes): string | null {
  if (workingSet === null) return 'its working set cannot be measured';
  if (workingSet * ROOM <= next) return null;
  return `its working set of ${formatBytes(workingSet)} needs ${formatBytes(workingSet * ROOM)}`;
}

/** The engine's reason against this limit; null: it is applied. */
async function refused(resize: (limit: Bytes) => Promise<void>, next: Bytes): Promise<string | null> {
  try {
    await resize(next);
    return null;
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'limit-not-applied') return error.failure.message;
    throw error;
  }
}
