import { formatSpan } from '../../../shared/span.js';
import type { Row } from '../cells.js';
import { shownServices } from '../list.js';
import { type DashboardState, screenOf } from '../state.js';
import { countdown, short } from '../text/figures.js';
import { cellsIn, joined, span } from '../text/rows.js';
import { wrap } from '../text/width.js';
import { stopsIn } from './labels.js';

const LONGEST_MESSAGE = 3;

/** What is to be said, and the keys that work here. */
export function footRows(dash: DashboardState): readonly Row[] {
  return [...statusRows(dash), keyRow(dash)];
}

function statusRows(dash: DashboardState): readonly Row[] {
  const { entry, link, message, now, size } = dash;
  const cells = size.columns - 2;
  if (entry) {
    const name = { filter: 'filter', search: 'search', logFilter: 'only lines with' }[entry.into];
    return [[span(` ${name}: `, 'key'), span(`${entry.text}`), span('▏', 'strong')]];
  }
  if (link.kind === 'lost') {
    const text = `✗ the daemon has been gone for ${formatSpan(now - link.since)}: ${link.failure.message} Trying again …`;
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

/** The service that sleeps next by itself, and the one that is evicted first when memory is short. */
function nextRow(dash: DashboardState): Row {
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
function keyRow(dash: DashboardState): Row {
  const parts = keysOf(dash).map(([key, what]): Row => [span(key, 'key'), span(` ${what}`, 'dim')]);
  const kept = parts.splice(Math.max(0, parts.length - 2));
  const room = dash.size.columns - 2;
  const first = joined(parts, '  ', room - kept.reduce((sum, row) => sum + cellsIn(row) + 2, 0));
  return [span(' '), ...joined([...(first.length > 0 ? [first] : []), ...kept], '  ', room)];
}

type Keys = readonly (readonly [key: string, what: string])[];

/** The keys that work here, the most useful first; the last one is always shown. */
function keysOf(dash: DashboardState): Keys {
  const { entry, prompt } = dash;
  if (entry) return [['enter', 'keep'], ['escape', 'as it was']]; // biome-ignore format: pairs
  if (prompt?.kind === 'planning') return [['escape', 'never mind']];
  if (prompt?.kind === 'refused') return [['enter', 'close']];
  if (prompt?.kind === 'confirm') return [['y', prompt.action.verb], ['n', 'no']]; // biome-ignore format: pairs
  const screen = screenOf(dash).kind;
  if (screen === 'services' && (dash.live?.services.length ?? 0) === 0) return [['tab', 'events'], ['?', 'help'], ['q', 'quit']]; // biome-ignore format: pairs
  if (dash.link.kind === 'lost' && (screen === 'services' || screen === 'budget'))
    return [['enter', 'detail'], ['/', 'filter'], ['s', `sort: ${dash.sort}`], ['tab', 'other views'], ['?', 'help'], ['q', 'quit']]; // biome-ignore format: pairs
  switch (screen) {
    case 'services':
      return [
        ['enter', 'detail'], ['u', 'up'], ['x', 'stop'], ['r', 'restart'], ['p', 'pin'], ['l', 'logs'], ['/', 'filter'],
        ['s', `sort: ${dash.sort}`], ['e', 'shell'], ['b', 'budget'], ['tab', 'events'], ['w', 'what if'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'events':
      return [['j k', 'move'], ['/', 'filter'], ['G', 'newest'], ['tab', 'budget'], ['?', 'help'], ['q', 'quit']]; // biome-ignore format: pairs
    case 'budget':
      return [
        ['enter', 'detail'], ['w', 'what if it starts'], ['u', 'up'], ['x', 'stop'], ['p', 'pin'], ['tab', 'services'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'detail':
      return [
        ['escape', 'back'], ['← →', 'span'], ['z', 'zoom'], ['l', 'logs'], ['u', 'up'], ['x', 'stop'], ['r', 'restart'], ['p', 'pin'],
        ['e', 'shell'], ['tab', 'next service'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'logs':
      return [
        ['escape', 'back'], ['f', 'follow'], ['/', 'search'], ['n N', 'next'], ['&', 'only'], ['w', 'wrap'], ['t', 'times'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'help':
      return [['escape', 'back'], ['j k', 'scroll'], ['q', 'quit']]; // biome-ignore format: pairs
  }
}
