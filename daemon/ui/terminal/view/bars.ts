import type { LiveBudget, LiveHost, LiveService } from '../../../api/live.js';
import type { Bytes } from '../../../shared/bytes.js';
import type { Row, Style, StyledText } from '../cells.js';
import type { Glyphs } from '../text/glyphs.js';
import { span } from '../text/rows.js';

/** A stretch of a bar, up to `to` of the whole. */
interface Stretch {
  readonly to: number;
  readonly sign: string;
  readonly style: Style;
}

/** A bar of so many cells. What is more than nothing has a cell; a mark stands on the cell in which it ends. */
function bar(
  cells: number,
  whole: number,
  stretches: readonly Stretch[],
  mark: { readonly at: number; readonly sign: string } | null,
): Row {
  const end = (to: number) => Math.min(cells, to <= 0 ? 0 : Math.max(1, Math.round((to / Math.max(1, whole)) * cells)));
  const spans: StyledText[] = [];
  let from = 0;
  const markAt = mark && mark.at > 0 && mark.at < whole ? Math.min(cells - 1, end(mark.at)) : -1;
  for (const { to, sign, style } of stretches) {
    const until = Math.max(from, end(to));
    if (mark && markAt >= from && markAt < until) {
      spans.push(span(sign.repeat(markAt - from), style), span(mark.sign, 'strong'), span(sign.repeat(until - markAt - 1), style));
    } else spans.push(span(sign.repeat(until - from), style));
    from = until;
  }
  return spans.filter(({ text }) => text !== '');
}

/** Working set, the rest of the grant, and what is left up to the maximum, on a scale up to the maximum; the standard is marked. */
export function memoryBarRow({ memory, usage }: Pick<LiveService, 'memory' | 'usage'>, cells: number, glyphs: Glyphs): Row {
  const used = usage?.workingSet ?? 0;
  return scaled(cells, memory.maximum, used, memory.grant, memory.maximum, memory.standard, glyphs);
}

/** The same where bars of several services have one scale. */
export function scaled(
  cells: number,
  whole: Bytes,
  used: Bytes,
  grant: Bytes,
  maximum: Bytes,
  standard: Bytes,
  { used: usedSign, granted, reserve, mark }: Glyphs,
): Row {
  const isTight = grant > 0 && used > 0.9 * grant;
  return bar(
    cells,
    whole,
    [
      { to: used, sign: usedSign, style: isTight ? 'bad' : used > standard ? 'busy' : 'used' },
      { to: grant, sign: granted, style: 'granted' },
      { to: maximum, sign: reserve, style: 'reserve' },
    ],
    cells < 4 ? null : { at: standard, sign: mark },
  );
}

/** All working sets, the rest of what is granted, and what is free; the sum of the standards is marked. */
export function budgetBarRow({ budget, granted, standard, workingSet }: LiveBudget, cells: number, glyphs: Glyphs): Row {
  return scaled(cells, budget, Math.min(workingSet, granted), granted, budget, standard, glyphs).map(part =>
    part.style === 'bad' || part.style === 'busy' ? { ...part, style: 'used' } : part,
  );
}

/** How far something is, 0 to 1. */
export function progressBar(share: number, cells: number, { used, reserve }: Glyphs): Row {
  const stretches: readonly Stretch[] = [
    { to: share, sign: used, style: 'busy' },
    { to: 1, sign: reserve, style: 'reserve' },
  ];
  return bar(cells, 1, stretches, null);
}

export function hostBar({ total, available, pressure }: LiveHost, cells: number, { used, reserve }: Glyphs): Row {
  const style = pressure === 'none' ? 'cache' : pressure === 'soft' ? 'warn' : 'bad';
  return bar(
    cells,
    total,
    [
      { to: total - available, sign: used, style },
      { to: total, sign: reserve, style: 'reserve' },
    ],
    null,
  );
}
