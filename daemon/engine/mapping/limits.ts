import type { ObservedContainer } from '../../model/observed.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { type DetailsOf, type Failure, failure } from '../../shared/failure.js';

/** The limits of a container: as they were sent, and as inspect shows them. */
export interface ContainerLimits {
  readonly Memory?: number | undefined;
  readonly MemorySwap?: number | undefined;
  readonly MemoryReservation?: number | undefined;
  readonly NanoCpus?: number | undefined;
  readonly PidsLimit?: number | null | undefined;
  readonly CpuShares?: number | undefined;
  readonly CpuPeriod?: number | undefined;
  readonly CpuQuota?: number | undefined;
}

const CHECKED = ['Memory', 'MemorySwap', 'MemoryReservation', 'NanoCpus', 'PidsLimit', 'CpuShares'] as const;
type Checked = (typeof CHECKED)[number];

export interface LimitCheck {
  /** limit-not-applied with both figures; null: all as asked. */
  readonly failure: Failure | null;
  /** A difference that is tolerated, in words. */
  readonly warning: string | null;
}

/**
 * Compares limits with what was asked for. One difference is tolerated: a kernel without swap accounting answers MemorySwap −1
 * or 0 (the memory limit itself holds then).
 */
export function checkLimits(service: string, asked: ContainerLimits, applied: ContainerLimits): LimitCheck {
  let warning: string | null = null;
  for (const name of CHECKED) {
    const wanted = asked[name];
    if (wanted === undefined || wanted === null) continue;
    const got = value(name, applied);
    if (got === wanted) continue;
    if (name === 'MemorySwap' && (got === -1 || got === 0)) {
      warning = `${service} may swap beyond its ${formatBytes(wanted)}: the kernel does not account for swap.`;
      continue;
    }
    const show = (figure: number): string => (name.startsWith('Memory') ? `${formatBytes(figure)} (${figure})` : String(figure));
    return {
      failure: failure('limit-not-applied', `${service}: ${name} is ${show(got)} instead of ${show(wanted)}`, {
        service,
        limit: name,
        wanted,
        applied: got,
      }),
      warning,
    };
  }
  return { failure: null, warning };
}

/** Podman keeps a quota as period and quota and answers NanoCpus 0 in some versions. */
function value(name: Checked, applied: ContainerLimits): number {
  const direct = applied[name] ?? 0;
  if (name !== 'NanoCpus' || direct !== 0) return direct;
  return applied.CpuPeriod && applied.CpuQuota ? Math.round((applied.CpuQuota / applied.CpuPeriod) * 1e9) : 0;
}

/** A limit that could not be changed: `seen.limit` is the one that holds. */
export function limitStands(
  seen: ObservedContainer,
  wanted: Bytes,
  message: string,
  details: Pick<DetailsOf<'limit-not-applied'>, 'engine' | 'usage'> = {},
): Failure {
  return failure('limit-not-applied', message, { service: seen.service, limit: 'Memory', wanted, applied: seen.limit, ...details }, [
    `Restart ${seen.service || seen.name}: a container that is made anew gets the limit that it is given`,
  ]);
}
