import type { LoggedNotice } from '../../api/notice.js';
import type { DashboardState } from './state.js';

/** The notices that the filter lets through, oldest first. */
export function shownNotices({ notices, filter }: DashboardState): readonly LoggedNotice[] {
  if (filter === '') return notices;
  const words = filter.toLowerCase().split(' ');
  return notices.filter(({ project, service, kind, text }) => {
    const all = `${project}/${service ?? ''} ${kind} ${text}`.toLowerCase();
    return words.every(word => all.includes(word));
  });
}

/** Those about one service, oldest first. */
export function noticesOf({ notices }: DashboardState, project: string, service: string): readonly LoggedNotice[] {
  return notices.filter(notice => notice.project === project && notice.service === service);
}
