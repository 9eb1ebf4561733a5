import { expect, test, vi } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import { NoticeLog } from '../../daemon/runtime/notices.js';

const notice = (seq: number, level: LoggedNotice['level']): LoggedNotice => ({
  project: 'shop',
  service: 'db',
  level,
  kind: 'ready',
  data: { reason: 'healthy-again' },
  text: `notice ${seq}`,
  seq,
  at: 0,
});

function openLog() {
  const lines: string[] = [];
  const write = (level: string) => (fields: object, text: string) => void lines.push(`${level} ${JSON.stringify(fields)} ${text}`);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { lines, log: new NoticeLog(log) };
}

test('notices are logged a moment later, all of them, in their order', () => {
  vi.useFakeTimers();
  const { lines, log } = openLog();
  log.add(notice(1, 'info'));
  log.add(notice(2, 'warn'));
  expect(lines).toEqual([]);
  vi.advanceTimersByTime(50);
  log.add(notice(3, 'error'));
  vi.advanceTimersByTime(50);
  const fields = '{"project":"shop","service":"db","kind":"ready"}';
  expect(lines).toEqual([`info ${fields} notice 1`, `warn ${fields} notice 2`, `error ${fields} notice 3`]);
  vi.useRealTimers();
});

test('what waits when the daemon ends is written by flush, once', () => {
  const { lines, log } = openLog();
  log.add(notice(1, 'info'));
  log.flush();
  log.flush();
  expect(lines).toHaveLength(1);
});

test('what comes while others are written is written next, and not lost', () => {
  vi.useFakeTimers();
  const texts: string[] = [];
  const write = (_: object, text: string): void => {
    texts.push(text);
    if (text === 'notice 1') log.add(notice(3, 'info'));
  };
  const log = new NoticeLog({ debug: write, info: write, warn: write, error: write });
  log.add(notice(1, 'info'));
  log.add(notice(2, 'info'));
  vi.advanceTimersByTime(50);
  expect(texts).toEqual(['notice 1', 'notice 2']);
  vi.advanceTimersByTime(50);
  expect(texts).toEqual(['notice 1', 'notice 2', 'notice 3']);
  vi.useRealTimers();
});
