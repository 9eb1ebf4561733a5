import type { LogEntry } from '../../../api/contract.js';
import type { LiveService } from '../../../api/live.js';
import type { HistorySpan } from '../../../api/live-history.js';
import { formatBytes } from '../../../shared/bytes.js';
import { button, make, setHidden, setText } from '../dom.js';
import { countdownShown, nextLabel, percentShown, rateShown, SIGNS, stateLabel, troubleLabel } from '../labels.js';
import { call, fetchLines } from '../session.js';
import type { Snapshot } from '../snapshot.js';
import { createCharts } from './charts.js';
import { createEvents } from './events.js';
import { createFigures } from './meters.js';
import type { ServiceVerb } from './plan.js';

const SPANS = { '1m': 60_000, '15m': 15 * 60_000, '24h': 24 * 3_600_000 } as const;
type Span = keyof typeof SPANS;
/** How long history that was fetched is shown before it is fetched again, ms. */
const FRESH: Readonly<Record<Span, number>> = { '1m': 0, '15m': 5_000, '24h': 60_000 };
const EVENTS = 8;

/** All about one service, until `close`. */
export interface Detail {
  readonly element: HTMLElement;
  show(snapshot: Snapshot, at: number): void;
  close(): void;
}

interface Hooks {
  /** A button was pressed. */
  readonly act: (verb: ServiceVerb, service: LiveService) => void;
  /** It is to be closed. */
  readonly closed: () => void;
  /** There is more to show of the same snapshot. */
  readonly changed: () => void;
}

export function createDetail(token: string, first: LiveService, { act, closed, changed }: Hooks): Detail {
  const { id, project, name } = first;
  const state = make('span', { class: 'state-words' });
  const why = make('p', { class: 'why' });
  const buttons = actionsOf(() => service, act);
  const list = make('dl');
  const figures = createFigures(list);
  const charts = createCharts();
  const log = createLog(token, project, name);
  const [eventsHead, eventList] = [make('h4', { text: 'What happened' }), make('ol')];
  const events = createEvents(eventList, EVENTS, false);
  const history = createHistory(token, first, changed);
  const close = button('✕', closed);
  close.ariaLabel = 'Close';
  close.className = 'close';
  const element = make('div', {
    children: [
      make('div', { class: 'detail-head', children: [make('h3', { text: name, title: id }), state, close] }),
      why,
      buttons.element,
      make('div', { class: 'spans', children: history.buttons }),
      charts.element,
      list,
      eventsHead,
      eventList,
      make('h4', { text: 'Log' }),
      log.element,
    ],
  });
  let service = first;
  return {
    element,
    show(snapshot, at) {
      service = snapshot.live.services.find(each => each.id === id) ?? service;
      state.className = `state-words is-${stateLabel(service)}`;
      setText(state, `${SIGNS[service.state]} ${stateLabel(service)}`);
      setText(why, service.why);
      buttons.show();
      figures.show(figuresOf(service, at - snapshot.live.at));
      const about = snapshot.notices.filter(notice => notice.project === project && notice.service === name);
      setHidden(eventsHead, about.length === 0);
      events(about);
      const { entries, span } = history.of(snapshot);
      charts.show(entries, { from: at - SPANS[span], to: at, gap: span === '24h' ? 15 * 60_000 : 30_000, grant: service.memory.grant });
    },
    close() {
      charts.close();
      log.close();
    },
  };
}

function actionsOf(current: () => LiveService, act: (verb: ServiceVerb, service: LiveService) => void) {
  const of = (text: string, verb: ServiceVerb) => button(text, () => act(verb, current()));
  const all = {
    start: of('Start', 'start'),
    stop: of('Stop', 'stop'),
    restart: of('Restart', 'restart'),
    pin: of('Keep awake', 'pin'),
    unpin: of('Let sleep', 'unpin'),
  };
  return {
    element: make('div', { class: 'buttons', children: Object.values(all) }),
    show() {
      const { state, pinned } = current();
      const up = state === 'running' || state === 'starting' || state === 'frozen';
      setHidden(all.start, up || state === 'stopping');
      setHidden(all.stop, !up && state !== 'asleep');
      setHidden(all.restart, !up);
      setHidden(all.pin, pinned);
      setHidden(all.unpin, !pinned);
    },
  };
}

/** `since`: ms since the snapshot. */
function figuresOf(service: LiveService, since: number): readonly (readonly [string, string, string])[] {
  const { memory, usage, ports, address, dependsOn, crashes, ooms, stopsIn } = service;
  const where = ports.map(
    ({ hostIp, host, container, protocol }) => `${hostIp || '127.0.0.1'}:${host} → ${container}${protocol === 'udp' ? '/udp' : ''}`,
  );
  return [
    ['working set', usage ? formatBytes(usage.workingSet) : '–', ''],
    ['with cache', usage?.usage ? formatBytes(usage.usage) : '–', ''],
    ['standard', formatBytes(memory.standard), ''],
    ['grant', memory.grant > 0 ? formatBytes(memory.grant) : 'nothing', ''],
    ['maximum', formatBytes(memory.maximum), ''],
    ['CPU', percentShown(usage?.cpu), ''],
    ['network', usage ? `${rateShown(usage.netIn)} in, ${rateShown(usage.netOut)} out` : '–', ''],
    ['disk', usage ? `${rateShown(usage.blockIn)} read, ${rateShown(usage.blockOut)} written` : '–', ''],
    ['processes', usage?.pids == null ? '–' : String(usage.pids), ''],
    ['stops in', stopsIn === null ? '–' : countdownShown(stopsIn - since), ''],
    ['when memory is short', nextLabel(service), 'wide'],
    ['connect to', where.join(', ') || 'no port', 'wide'],
    ['inside', address ?? '–', ''],
    ['depends on', dependsOn.join(', ') || 'nothing', 'wide'],
    ['trouble', troubleLabel(service), crashes + ooms === 0 ? '' : 'trouble'],
  ];
}

function createHistory(token: string, { project, name, id }: LiveService, changed: () => void) {
  let span: Span = '1m';
  let fetched: { readonly span: Span; readonly at: number; readonly entries: HistorySpan['entries'] } | null = null;
  let isAsking = false;
  const buttons = (Object.keys(SPANS) as Span[]).map(each =>
    button(each.replace(/[mh]/, ' $&'), () => {
      choose(each);
      changed();
    }),
  );
  choose('1m');

  function choose(next: Span): void {
    span = next;
    fetched = null;
    for (const [index, each] of (Object.keys(SPANS) as Span[]).entries())
      buttons[index]?.setAttribute('aria-pressed', String(each === span));
  }

  async function ask(): Promise<void> {
    isAsking = true;
    const asked = span;
    try {
      const { entries } = await call<HistorySpan>(token, `/v1/projects/${project}/services/${name}/history?span=${asked}`);
      if (asked === span) fetched = { span, at: performance.now(), entries };
    } catch {
      // The next turn asks again; meanwhile there is the last minute.
    } finally {
      isAsking = false;
    }
    changed();
  }

  return {
    buttons,
    /** What the chart shows now. The last minute comes with the stream; the rest is asked for from time to time. */
    of(snapshot: Snapshot): { readonly span: Span; readonly entries: HistorySpan['entries'] } {
      const recent = snapshot.recent[id] ?? [];
      if (span === '1m') return { span, entries: recent };
      const isStale = fetched === null || performance.now() - fetched.at > FRESH[span];
      if (isStale && !isAsking) void ask();
      const known = fetched?.entries ?? [];
      const last = known.at(-1)?.at ?? 0;
      return { span, entries: [...known, ...recent.filter(({ at }) => at > last)] };
    },
  };
}

const MOST_LINES = 200;
const FIRST_LINES = 50;

/** The last lines of a service's log, and those that come, until `close`. */
function createLog(token: string, project: string, service: string) {
  const element = make('pre', { class: 'log', text: '' });
  element.tabIndex = 0;
  element.setAttribute('aria-label', `Log of ${service}`);
  const left = new AbortController();
  void read();
  return { element, close: () => left.abort() };

  async function read(): Promise<void> {
    const path = `/v1/projects/${project}/logs?services=${service}&tail=${FIRST_LINES}&follow=1`;
    try {
      for await (const entry of fetchLines<LogEntry>(token, path, left.signal)) add(entry);
    } catch {
      if (!left.signal.aborted && element.childElementCount === 0)
        element.textContent = 'No log: it has never run, or the daemon does not answer.';
    }
  }

  function add({ text: written, stream }: LogEntry): void {
    const text = stream === 'notice' ? `─ ${written} ─` : written;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 4;
    element.append(make('span', { class: stream, text: `${text}\n` }));
    while (element.childElementCount > MOST_LINES) element.firstElementChild?.remove();
    if (atEnd) element.scrollTop = element.scrollHeight;
  }
}
