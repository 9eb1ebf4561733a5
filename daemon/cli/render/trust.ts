import { formatTrustPoint, type TrustPoint } from '../../config/project/trust-points.js';

/** What `up` will ask about, a line each; empty when it will ask nothing. */
export function renderTrust(points: readonly TrustPoint[]): string[] {
  if (points.length === 0) return [];
  const count = points.length === 1 ? 'one point goes' : `${points.length} points go`;
  return [`laptop-dev up needs --trust: ${count} beyond the project's folder`, ...points.map(point => `  ${formatTrustPoint(point)}`)];
}
