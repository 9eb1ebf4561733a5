import type { Failure } from '../../shared/failure.js';
import type { RefusalHolder } from '../../shared/failure-details.js';
import { oneLine, plainWords } from '../../shared/printable.js';
import type { Colours } from '../cli.js';
import { renderRefusalHolders } from './budget.js';
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
function lastLinesOf({ details: { lastLines = [] } }: Failure): string[] {
  return lastLines.map(line => oneLine(plainWords(line)));
}

function holdersOf(failure: Failure): readonly RefusalHolder[] {
  return failure.code === 'over-budget' ? failure.details.holders.filter(holder => 'service' in holder) : [];
}
