import { formatTrustPoint, type TrustPoint } from '../../config/project/trust-points.js';

/** The points for which `up` needs --trust, one per line; empty if there are none. */
export function renderTrust(points: readonly TrustPoint[]): string[] {
  if (points.length === 0) return [];
  const count = points.length === 1 ? 'one point goes' : `${points.length} points go`;
  return [`laptop-dev up needs --trust: ${count} beyond the project's folder`, ...points.map(point => `  ${formatTrustPoint(point)}`)];
}
