import { formatSpan } from '../../../shared/span.js';
import type { Row } from '../cells.js';
import { shownServices } from '../list.js';
import type { Dash } from '../state.js';
import { countdown, short } from '../text/figures.js';
import { cellsIn, joined, span } from '../text/rows.js';
import { wrap } from '../text/width.js';
import { keysOf } from './keys.js';
import { stopsIn } from './words.js';

const LONGEST_MESSAGE = 3;

/** What is to be said, and the keys that work here. */
export function footRows(dash: Dash): readonly Row[] {
  return [...statusRows(dash), keyRow(dash)];
}

function statusRows(dash: Dash): readonly Row[] {
  const { entry, link, message, now, size } = dash;
  const cells = size.columns - 2;
  if (entry) {
    const name = { filter: 'filter', search: 'search', logFilter: 'only lines with' }[entry.into];
    return [[span(` ${name}: `, 'key'), span(`${entry.text}`), span('▏', 'strong')]];
  }
  if (link.kind === 'lost') {
    const text = `✗ the daemon is gone for ${formatSpan(now - link.since)}: ${link.failure.message} Trying again …`;
    return wrap(text, cells)
      .slice(0, LONGEST_MESSAGE)
      .map(line => [span(` ${line}`, 'bad')]);
  }
  if (dash.live?.engine === null)
    return [[span(' ✗ the container engine cannot be reached: nothing starts or stops until it is back', 'bad')]];
  if (message) {
    const lines = wrap(`${message.isError ? '✗ ' : ''}${message.text}`, cells).slice(0, message.isError ? LONGEST_MESSAGE : 1);
    return lines.map(line => [span(` ${line}`, message.isError ? 'bad' : 'accent')]);
  }
  return [nextRow(dash)];
}

/** Who sleeps next by itself, and who goes when memory is short. */
function nextRow(dash: Dash): Row {
  const services = dash.live?.services ?? [];
  const name = (id: string, plain: string) => (dash.live && dash.live.projects.length > 1 ? id : plain);
  const sleeping = services
    .flatMap(service => {
      const left = stopsIn(service, dash);
      return left === null ? [] : [{ service, left }];
    })
    .sort((a, b) => a.left - b.left)[0];
  const first = services.find(({ next }) => next?.rank === 1);
  const sleeps: Row[] = sleeping
    ? [
        [
          span('sleeps next ', 'dim'),
          span(name(sleeping.service.id, sleeping.service.name)),
          span(` in ${countdown(sleeping.left)}`, 'accent'),
        ],
      ]
    : [];
  const goes: Row[] =
    first?.next != null
      ? [
          [
            span(dash.size.columns < 74 ? 'if short: ' : 'if memory is short: ', 'dim'),
            span(name(first.id, first.name)),
            span(` goes, frees ${short(first.next.frees)}`, 'accent'),
          ],
        ]
      : [];
  const filter: Row[] =
    dash.filter === '' ? [] : [[span(`filter "${dash.filter}": ${shownServices(dash).length} of ${services.length}`, 'key')]];
  const parts = [...filter, ...sleeps, ...goes];
  return [span(' '), ...joined(parts.length > 0 ? parts : [[span('nothing sleeps by itself', 'dim')]], ' · ', dash.size.columns - 1)];
}

/** As many keys as have room; help and the way out always are among them. */
function keyRow(dash: Dash): Row {
  const parts = keysOf(dash).map(([key, what]): Row => [span(key, 'key'), span(` ${what}`, 'dim')]);
  const kept = parts.splice(Math.max(0, parts.length - 2));
  const room = dash.size.columns - 2;
  const first = joined(parts, '  ', room - kept.reduce((sum, row) => sum + cellsIn(row) + 2, 0));
  return [span(' '), ...joined([...(first.length > 0 ? [first] : []), ...kept], '  ', room)];
}
