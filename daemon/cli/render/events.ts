import type { LoggedNotice } from '../../core/views.js';
import type { Colours } from '../cli.js';

/** `23:41:02  api  ready  is ready after 2.9 s`, in local time. */
export function eventLine(notice: LoggedNotice, { project, colours }: { project: boolean; colours: Colours }): string {
  const name = [project ? notice.project : null, notice.service].filter(part => part !== null).join('/') || notice.project;
  const kind = notice.kind.padEnd(9);
  const word = notice.level === 'error' ? colours.red(kind) : notice.level === 'warn' ? colours.yellow(kind) : kind;
  return `${colours.dim(clock(notice.at))}  ${name}  ${word}  ${notice.text}`;
}

function clock(at: number): string {
  const time = new Date(at);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(part => String(part).padStart(2, '0')).join(':');
}
