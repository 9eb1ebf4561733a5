import type { Row } from '../cells.js';
import { severalProjects } from '../list.js';
import { shownNotices } from '../notices.js';
import type { DashboardState, Screen } from '../state.js';
import { span } from '../text/rows.js';
import { sized, widthOf } from '../text/width.js';
import { noticeRow } from './parts.js';

/** What happened, the newest at the bottom. */
export function eventsRows(dash: DashboardState, { bottom }: Extract<Screen, { kind: 'events' }>, height: number): readonly Row[] {
  const shown = shownNotices(dash);
  if (shown.length === 0)
    return [[], [span(dash.filter === '' ? '  Nothing has happened yet.' : `  No event matches "${dash.filter}".`, 'strong')]];
  const last =
    bottom === null
      ? shown.length - 1
      : Math.max(
          0,
          shown.findLastIndex(({ seq }) => seq <= bottom),
        );
  const projects = severalProjects(dash.live?.services ?? []);
  const longest = Math.max(7, ...shown.map(({ project, service }) => widthOf(service ?? project) + (projects ? widthOf(project) + 1 : 0)));
  const names = Math.min(longest, Math.max(10, Math.floor(dash.size.columns / 5)));
  const below = shown.length - 1 - last;
  const titles: Row = [
    span(` ${sized('TIME', 8)}   ${sized('SERVICE', names)} ${sized('KIND', 9)} WHAT`, 'dim'),
    ...(below > 0 ? [span(`   ${below} newer below`, 'warn')] : []),
  ];
  return [titles, ...shown.slice(Math.max(0, last - height + 2), last + 1).map(notice => noticeRow(notice, names, projects))];
}
