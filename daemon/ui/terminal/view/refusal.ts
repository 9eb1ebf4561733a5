import type { Row } from '../cells.js';
import { short } from '../text/figures.js';
import { span } from '../text/rows.js';
import { sized } from '../text/width.js';

interface Holder {
  readonly project: string;
  readonly service: string;
  readonly grant: number;
  readonly workingSet: number | null;
  readonly keptBecause: string | null;
}

/** Who holds the memory that was refused, and why each is kept: from the details of `over-budget`. */
export function refusedHolders(details: Readonly<Record<string, unknown>>, columns: number): readonly Row[] {
  const list = details['holders'];
  const holders = Array.isArray(list) ? list.filter(isHolder) : [];
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

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { service, grant, workingSet, keptBecause } = value as Record<string, unknown>;
  const isText = (text: unknown) => text === null || text === undefined || typeof text === 'string';
  return (
    typeof service === 'string' &&
    typeof grant === 'number' &&
    (workingSet == null || typeof workingSet === 'number') &&
    isText(keptBecause)
  );
}
