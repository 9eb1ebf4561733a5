import type { Memory } from '../../model/spec.js';
import { type Bytes, MiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';

/** When a grant grows, and when growing is given up. */
export interface GrowthPolicy {
  /** A grant grows when the working set is above this share of it … */
  readonly growAbove: number;
  /** … to this multiple of the working set. */
  readonly growTo: number;
  /** OOM kills at the maximum inside `oomWindow` after which a service is stopped (docs/memory.md). */
  readonly oomLimit: number;
  readonly oomWindow: Ms;
}

export const DEFAULT_GROWTH: GrowthPolicy = { growAbove: 0.9, growTo: 1.5, oomLimit: 3, oomWindow: 600_000 };

/** The most that a service may be granted: its maximum, where a person wrote one; else the budget alone bounds it. */
export function ceilingOf({ maximum, guessed }: Memory): Bytes {
  return guessed ? Number.POSITIVE_INFINITY : maximum;
}

/** What growth needs to know of a service that runs. */
export interface Growing {
  readonly grant: Bytes;
  readonly maximum: Bytes;
  /** Null: not measured. */
  readonly workingSet: Bytes | null;
}

/**
 * The new grant of a service that comes near its limit: 1.5 × its working set, as far as its maximum and the free bytes of the
 * budget allow; whole MiB, or exactly the maximum. Null: it has enough, or there is no room.
 */
export function growthFor({ grant, maximum, workingSet }: Growing, free: Bytes, policy: GrowthPolicy): Bytes | null {
  if (workingSet === null || workingSet <= policy.growAbove * grant) return null;
  const wanted = Math.ceil((policy.growTo * workingSet) / MiB) * MiB;
  const grown = bounded(wanted, grant, maximum, free);
  return grown > grant ? grown : null;
}

/** grow: start it with this grant. again: as before. stop: its maximum is too low; say so. */
export type AfterOom = { readonly kind: 'grow'; readonly grant: Bytes } | { readonly kind: 'again' } | { readonly kind: 'stop' };

/**
 * What follows an OOM kill: the grant grows to the maximum, or as near to it as the budget has room; one that is killed at its
 * maximum for the third time in ten minutes is stopped. `oomsAtMaximum`: when it was killed at its maximum, this time included.
 */
export function afterOom(grant: Bytes, maximum: Bytes, free: Bytes, oomsAtMaximum: readonly Ms[], policy: GrowthPolicy, now: Ms): AfterOom {
  if (grant >= maximum) {
    const recent = oomsAtMaximum.filter(at => now - at < policy.oomWindow).length;
    return { kind: recent >= policy.oomLimit ? 'stop' : 'again' };
  }
  // A maximum that no file sets is met by doubling: all that is free would be far too much for most.
  const wanted = Number.isFinite(maximum) ? maximum : 2 * grant;
  const grown = bounded(wanted, grant, maximum, free);
  return grown > grant ? { kind: 'grow', grant: grown } : { kind: 'again' };
}

function bounded(wanted: Bytes, grant: Bytes, maximum: Bytes, free: Bytes): Bytes {
  const most = Math.min(maximum, grant + Math.max(0, free));
  if (wanted <= most) return wanted;
  return most === maximum ? maximum : Math.floor(most / MiB) * MiB;
}
