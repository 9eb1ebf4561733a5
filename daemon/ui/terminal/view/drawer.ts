import type { Plan } from '../../../api/plan.js';
import type { Failure } from '../../../shared/failure.js';
import type { Row, Style } from '../cells.js';
import type { DashboardAction } from '../input.js';
import type { DashboardState, Prompt } from '../state.js';
import { short } from '../text/figures.js';
import type { Glyphs } from '../text/glyphs.js';
import { cellsIn, span } from '../text/rows.js';
import { sized, widthOf, wrap } from '../text/width.js';
import { actionSubject } from './action-labels.js';
import { budgetBarRow } from './bars.js';
import { ruleRow } from './parts.js';

/** What is asked, or answered, between body and foot; nothing while nothing is. */
export function drawerRows(dash: DashboardState, glyphs: Glyphs): readonly Row[] {
  const { prompt, size } = dash;
  if (!prompt) return [];
  const rows = contentOf(prompt, dash, glyphs);
  // What is cut off is the middle of a long list: the budget and the warning below it stay.
  const most = Math.max(5, Math.min(rows.length, Math.floor((size.rows - 6) * 0.7)));
  if (rows.length <= most) return rows;
  const tail = prompt.kind === 'confirm' ? 3 : 1;
  const left = rows.length - most + 1;
  return [...rows.slice(0, most - tail - 1), [span(`   … and ${left} more`, 'dim')], ...rows.slice(rows.length - tail)];
}

function contentOf(prompt: Prompt, dash: DashboardState, glyphs: Glyphs): readonly Row[] {
  const { columns } = dash.size;
  switch (prompt.kind) {
    case 'planning':
      return [
        ruleRow([span(`${prompt.action.verb} ${actionSubject(prompt.action)}`, 'title')], columns),
        [span(' asking what that would do …', 'dim')],
      ];
    case 'refused':
      return refusedRows(prompt.action, prompt.failure, dash);
    case 'confirm':
      return [
        ruleRow([span(`${prompt.action.verb} ${actionSubject(prompt.action)}?`, 'strong')], columns),
        ...planRows(prompt.action, prompt.plan, dash),
        ...budgetRows(prompt.plan, dash, glyphs),
      ];
  }
}

/** A line each: what is stopped first. */
function planRows(action: DashboardAction, plan: Plan, dash: DashboardState): readonly Row[] {
  const { stops, evicts, shrinks, starts, keeps } = plan;
  const again = new Set<string>(starts.map(({ id }) => id));
  const held = (id: string) => short(dash.live?.services.find(service => service.id === id)?.memory.grant ?? 0);
  const lines: (readonly [string, Style, string, string])[] = [
    ...stops.filter(id => !again.has(id)).map(id => ['stops', 'bad', id, stopWords(id, dash)] as const),
    ...evicts.map(id => ['puts to sleep', 'warn', id, `frees ${held(id)}; a connection wakes it`] as const),
    ...shrinks.map(({ id, to, frees }) => ['lowers', 'warn', id, `to ${short(to)}, frees ${short(frees)}`] as const),
    ...starts.map(
      ({ id, grant, standard, recreate }) =>
        [recreate || stops.includes(id) ? 'restarts' : 'starts', 'good', id, `with ${short(grant)} (standard ${short(standard)})`] as const,
    ),
    ...(keeps.length > 0 && action.verb !== 'stop'
      ? [['runs already', 'dim', keeps.map(id => nameOf(id, dash)).join(', '), ''] as const]
      : []),
  ];
  if (lines.length === 0)
    return [[span(action.verb === 'stop' ? ' It does not run; its port no longer wakes it.' : ' Nothing would change.', 'dim')]];
  const names = Math.min(24, Math.max(...lines.map(([, , id]) => widthOf(nameOf(id, dash)))));
  return lines.map(([what, style, id, more]) => [
    span(` ${sized(what, 13)} `, style),
    span(more === '' ? id : sized(nameOf(id, dash), names), 'strong'),
    span(more === '' ? '' : `  ${more}`),
  ]);
}

function nameOf(id: string, { live }: DashboardState): string {
  return (live?.projects.length ?? 0) > 1 ? id : id.slice(id.indexOf('/') + 1);
}

/** What is lost with it. */
function stopWords(id: string, { live }: DashboardState): string {
  const service = live?.services.find(each => each.id === id);
  if (!service) return '';
  const used =
    service.connections > 0 ? `, ${service.connections} ${service.connections === 1 ? 'connection is' : 'connections are'} open` : '';
  const by = (live?.services ?? []).filter(
    each => each.project === service.project && each.dependsOn.includes(service.name) && each.memory.grant > 0,
  );
  const needed = by.length > 0 ? `, ${by.map(({ name }) => name).join(', ')} ${by.length === 1 ? 'needs' : 'need'} it` : '';
  return `frees ${short(service.memory.grant)}${used}${needed}`;
}

/** The budget before and after; what is used after is what those use that stay. */
function budgetRows({ budget, grantedBefore, grantedAfter, stops, evicts }: Plan, dash: DashboardState, glyphs: Glyphs): readonly Row[] {
  const cells = Math.max(12, Math.min(50, dash.size.columns - 40));
  const used = dash.live?.budget.workingSet ?? 0;
  const leaving = new Set<string>([...stops, ...evicts]);
  const left = (dash.live?.services ?? []).reduce((sum, { id, usage }) => sum - (leaving.has(id) ? (usage?.workingSet ?? 0) : 0), used);
  const line = (label: string, granted: number, workingSet: number): Row => [
    span(` ${sized(label, 13)} `, 'dim'),
    ...budgetBarRow({ budget, granted, standard: 0, workingSet }, cells, glyphs),
    span(` ${short(granted)} of ${short(budget)} granted`),
  ];
  return [line('budget now', grantedBefore, used), line('after', grantedAfter, left)];
}

function refusedRows(action: DashboardAction, refused: Failure, { size: { columns } }: DashboardState): readonly Row[] {
  const title = ruleRow([span(`✗ ${action.verb} ${actionSubject(action)}: refused`, 'bad')], columns);
  const lines = wrap(refused.message, columns - 2).map((line): Row => [span(` ${line}`)]);
  const holders = refusedHolders(refused, columns);
  const hints = refused.remedies.flatMap(remedy =>
    wrap(remedy, columns - 4).map((line, at): Row => [span(at === 0 ? ' → ' : '   ', 'key'), span(line)]),
  );
  return [title, ...lines, ...holders, ...hints].filter(row => cellsIn(row) > 0);
}

/** Who holds the memory that was refused, and why each is kept; empty for another failure than `over-budget`. */
function refusedHolders({ code, details }: Failure, columns: number): readonly Row[] {
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
