import type { LoggedNotice } from '../../api/notice.js';
import { flat } from '../../ui/shared/own.js';
import type { Colours } from '../cli.js';

/** `23:41:02  api  ready  is ready after 2.9 s`, in local time. `width`: of the column of names. */
export function eventLine(notice: LoggedNotice, options: { project: boolean; width: number; colours: Colours }): string {
  const { colours } = options;
  const name = subjectOf(notice, options.project).padEnd(options.width);
  const kind = notice.kind.padEnd(9);
  const word = notice.level === 'error' ? colours.red(kind) : notice.level === 'warn' ? colours.yellow(kind) : kind;
  return `${colours.dim(clock(notice.at))}  ${name}  ${word}  ${flat(notice.text)}`;
}

/** The subject: the service, with its project if several are shown. */
export function subjectOf(notice: LoggedNotice, project: boolean): string {
  return flat([project ? notice.project : null, notice.service].filter(part => part !== null).join('/') || notice.project);
}

function clock(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
}
