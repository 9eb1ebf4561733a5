import type { BudgetView, Holder } from '../../api/views.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import type { RefusalHolder } from '../../shared/failure-details.js';
import type { Colours } from '../cli.js';
import { type TableColumn, table } from './table.js';

/** The bar of the budget, its figures, and the table of holders. */
export function renderBudget(view: BudgetView, options: { width: number; colours: Colours }): string[] {
  const free = Math.max(0, view.budget - view.granted);
  const holders = view.holders.length === 0 ? ['Nothing holds memory.'] : renderHolders(view.holders, options.width);
  return [
    `${formatBytes(view.granted)} of ${formatBytes(view.budget)} granted (${percent(view.granted, view.budget)}), ${formatBytes(free)} free`,
    bar(view, Math.min(options.width - 1, 79), options.colours),
    `${formatBytes(view.workingSet)} in use by services; the machine has ${formatBytes(view.hostTotal)}, ${formatBytes(view.hostAvailable)} available`,
    '',
    ...holders,
  ];
}

/** █ in use, ▒ granted beyond that, ░ free. */
function bar(view: BudgetView, width: number, colours: Colours): string {
  const cells = Math.max(10, width);
  const whole = Math.max(1, view.budget);
  const used = Math.min(cells, Math.round((view.workingSet / whole) * cells));
  const granted = Math.min(cells, Math.max(used, Math.round((view.granted / whole) * cells)));
  return `${colours.green('█'.repeat(used))}${colours.yellow('▒'.repeat(granted - used))}${colours.dim('░'.repeat(cells - granted))}`;
}

const WHO: readonly TableColumn[] = [
  { title: 'PROJECT', gives: true, least: 8 },
  { title: 'SERVICE', gives: true, least: 10 },
  { title: 'STATE' },
];

/** The holders of a refusal, in the order given. */
export function renderRefusalHolders(holders: readonly RefusalHolder[], width: number): string[] {
  const columns: TableColumn[] = [...WHO, { title: 'STANDARD', align: 'right' }, { title: 'GRANT', align: 'right' }];
  const rows = holders.map(({ project, service, state, standard, grant }) => [
    project,
    service,
    state,
    formatBytes(standard),
    formatBytes(grant),
  ]);
  return table(columns, rows, width);
}

/** Who holds memory, the largest grant first. */
export function renderHolders(holders: readonly Holder[], width: number): string[] {
  const columns: TableColumn[] = [
    ...WHO,
    { title: 'IN USE', align: 'right' },
    { title: 'STANDARD', align: 'right' },
    { title: 'GRANT', align: 'right' },
    { title: 'MAXIMUM', align: 'right' },
  ];
  const rows = [...holders]
    .sort((a, b) => b.grant - a.grant)
    .map(({ project, service, state, standard, grant, maximum, workingSet }) => [
      project,
      service,
      state,
      workingSet === null ? '?' : formatBytes(workingSet),
      ...[standard, grant, maximum].map(formatBytes),
    ]);
  return table(columns, rows, width);
}

function percent(part: Bytes, whole: Bytes): string {
  return whole === 0 ? '0 %' : `${Math.round((part / whole) * 100)} %`;
}
