import type { Failure } from '../../../shared/failure.js';
import type { Row } from '../cells.js';
import { short } from '../text/figures.js';
import { span } from '../text/rows.js';
import { sized } from '../text/width.js';

/** Who holds the memory that was refused, and why each is kept; empty for another failure than `over-budget`. */
export function refusedHolders({ code, details }: Failure, columns: number): readonly Row[] {
  const holders = code === 'over-budget' ? details.holders.filter(holder => 'service' in holder) : [];
  if (holders.length === 0) return [];
  const names = Math.min(20, Math.max(7, ...holders.map(({ service }) => service.length)));
  const row = (name: string, grant: string, now: string, why: string): string =>
    ` ${sized(name, names)} ${grant.padStart(6)} ${now.padStart(6)}  ${sized(why, Math.max(4, columns - names - 18)).trimEnd()}`;
  return [
    [span(row('HOLDER', 'GRANT', 'NOW', 'KEPT BECAUSE'), 'dim')],
    ...holders.map(
      ({ service, grant, workingSet, keptBecause }): Row => [
        span(row(service, short(grant), workingSet === null ? '?' : short(workingSet), keptBecause ?? 'could go')),
      ],
    ),
  ];
}
