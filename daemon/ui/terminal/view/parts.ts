import type { LoggedNotice } from '../../../api/notice.js';
import type { Row, Style } from '../cells.js';
import { clock } from '../text/figures.js';
import { cellsIn, filled, fitted, span } from '../text/rows.js';
import { sized, wrap } from '../text/width.js';

/** A line across, with a title in it. */
export function ruleRow(title: Row, columns: number): Row {
  const inner: Row = title.length === 0 ? [] : [span(' '), ...title, span(' ')];
  const rest = columns - 2 - cellsIn(inner);
  return [span('──', 'dim'), ...fitted(inner, columns - 2), span('─'.repeat(Math.max(0, rest)), 'dim')];
}

/** Two blocks side by side, as high as the higher one. */
export function sideBySide(left: readonly Row[], right: readonly Row[], leftCells: number, rightCells: number): readonly Row[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, at) => [
    ...filled(left[at] ?? [], leftCells),
    span(' '),
    ...fitted(right[at] ?? [], rightCells - 1),
  ]);
}

const LEVELS: Readonly<Record<LoggedNotice['level'], { readonly style: Style; readonly mark: string }>> = {
  info: { style: 'plain', mark: ' ' },
  warn: { style: 'warn', mark: '▲' },
  error: { style: 'bad', mark: '✗' },
};

/** `14:30:02 ▲ worker    oom       was killed …`; `names`: cells for who it is about, 0 for none. */
export function noticeRow(notice: LoggedNotice, names: number, projects: boolean): Row {
  const { style, mark } = LEVELS[notice.level];
  const who = [projects ? notice.project : null, notice.service].filter(part => part !== null).join('/') || notice.project;
  return [
    span(` ${clock(notice.at)} `, 'dim'),
    span(`${mark} `, style),
    ...(names > 0 ? [span(`${sized(who, names)} `)] : []),
    span(`${sized(notice.kind, 9)} `, style === 'plain' ? 'dim' : style),
    span(notice.text),
  ];
}

/** A label and what it says, in as many lines as that needs. */
export function factRows(label: string, text: string, columns: number, style: Style = 'plain'): readonly Row[] {
  return wrap(text, Math.max(10, columns - LABEL)).map((line, at) => [
    span(sized(at === 0 ? ` ${label}` : '', LABEL), 'dim'),
    span(line, style),
  ]);
}

const LABEL = 12;
