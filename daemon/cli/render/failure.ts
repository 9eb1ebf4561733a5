import type { Failure } from '../../shared/failure.js';
import { oneLine, plainWords } from '../../shared/printable.js';
import type { Colours } from '../cli.js';
import { type RefusalHolder, renderRefusalHolders } from './budget.js';
import { wrapCell } from './table.js';

/** A failure for people: what happened with its numbers, who holds the memory where that is the matter, and what to do next. */
export function renderFailure(failure: Failure, options: { width: number; colours: Colours }): string[] {
  const width = Math.max(40, options.width);
  const [first = '', ...rest] = wrapCell(failure.message, width - 2);
  const holders = holdersOf(failure);
  return [
    `${options.colours.red('✗')} ${first}`,
    ...rest.map(line => `  ${line}`),
    ...lastLinesOf(failure).map(line => `  ${options.colours.dim('│')} ${line}`),
    ...(holders.length > 0 ? ['', ...renderRefusalHolders(holders, width - 2).map(line => `  ${line}`), ''] : []),
    ...failure.remedies.flatMap(remedy => wrapCell(remedy, width - 4).map((line, at) => (at === 0 ? `  → ${line}` : `    ${line}`))),
  ];
}

/** What the container wrote last, without what was meant for a terminal. */
function lastLinesOf({ details }: Failure): string[] {
  const lines = details['lastLines'];
  return Array.isArray(lines) ? lines.map(line => oneLine(plainWords(String(line)))) : [];
}

function holdersOf(failure: Failure): readonly RefusalHolder[] {
  const holders = failure.details['holders'];
  return failure.code === 'over-budget' && Array.isArray(holders) ? holders.filter(isHolder) : [];
}

function isHolder(value: unknown): value is RefusalHolder {
  if (typeof value !== 'object' || value === null) return false;
  const { project, service, state, standard, grant } = value as Record<string, unknown>;
  return [project, service, state].every(text => typeof text === 'string') && [standard, grant].every(Number.isFinite);
}
