import type { LoggedNotice } from '../../../api/notice.js';
import { Keyed, make } from '../dom.js';
import { noticeSubject, timeShown } from '../labels.js';

const LEVELS = { info: '', warn: '▲ ', error: '✕ ' } as const;

/** A list of what happened, newest first; of each only `most`. */
export function createEvents(list: HTMLElement, most: number, subject: boolean): (notices: readonly LoggedNotice[]) => void {
  const rows = new Keyed<LoggedNotice, { readonly element: HTMLElement }>(list, notice => ({ element: eventOf(notice, subject) }));
  return notices => {
    const last = notices.slice(-most).toReversed();
    rows.show(
      last.map(notice => [String(notice.seq), notice]),
      () => undefined,
    );
  };
}

function eventOf(notice: LoggedNotice, subject: boolean): HTMLElement {
  const time = make('time', { text: timeShown(notice.at), title: new Date(notice.at).toLocaleString() });
  const about = subject ? [make('b', { text: noticeSubject(notice) })] : [];
  return make('li', { class: notice.level, children: [time, ...about, make('span', { text: `${LEVELS[notice.level]}${notice.text}` })] });
}
