import type { LiveService } from '../../../api/live.js';
import { byId, Keyed, make, setAttribute, setHidden, setText, svg } from '../dom.js';
import { memoryBar, sparkPoints } from '../geometry.js';
import { countdownShown, memoryLabel, memoryTitle, nextLabel, percentShown, SIGNS, stateLabel } from '../labels.js';
import type { Snapshot } from '../snapshot.js';
import { makeBar } from './bar.js';

const [WIDTH, HEIGHT] = [90, 22];
const HEADS = ['State', 'Service', 'Memory', 'Last minute', 'CPU', 'Connections', 'Stops in', 'Next'];

type Row = ReturnType<typeof createRow>;

/** The table of services. `chosen` is called with the id of one that was clicked. Returns what shows a snapshot: `at` is now by the daemon's clock. */
export function createServices(table: HTMLTableElement, chosen: (id: string) => void) {
  const body = make('tbody');
  const heads = HEADS.map(text => {
    const head = make('th', { text });
    head.scope = 'col';
    return head;
  });
  table.append(make('thead', { children: [make('tr', { children: heads })] }), body);
  const rows = new Keyed<LiveService, Row>(body, service => createRow(service.id, chosen));
  const empty = byId('empty', HTMLElement);
  return (snapshot: Snapshot, at: number, open: string | null) => {
    const services = inOrder(snapshot.live.services);
    const several = new Set(services.map(({ project }) => project)).size > 1;
    setHidden(empty, services.length > 0);
    setHidden(table, services.length === 0);
    setText(empty, 'No project is known yet: laptop-dev up, in the folder of one.');
    rows.show(
      services.map(service => [service.id, service]),
      (row, service) => row.show(service, { snapshot, at, isOpen: service.id === open, several }),
    );
  };
}

/** By project; what holds memory first, then by name: rows move when a state changes, not with each figure. */
function inOrder(services: readonly LiveService[]): readonly LiveService[] {
  const rank = ({ memory }: LiveService) => (memory.grant > 0 ? 0 : 1);
  return services.toSorted((a, b) => a.project.localeCompare(b.project) || rank(a) - rank(b) || a.name.localeCompare(b.name));
}

interface Scene {
  readonly snapshot: Snapshot;
  readonly at: number;
  readonly isOpen: boolean;
  readonly several: boolean;
}

function createRow(id: string, chosen: (id: string) => void) {
  const [sign, word] = [make('span', { class: 'sign' }), make('span', { class: 'word' })];
  sign.ariaHidden = 'true';
  const name = make('button', { class: 'name' });
  name.type = 'button';
  const pinned = make('span', { class: 'badge', text: 'pinned' });
  const why = make('span', { class: 'why' });
  const bar = makeBar('at-standard', 'at-grant');
  const memory = make('span', { class: 'figure' });
  const line = svg('polyline', { fill: 'none' });
  const spark = svg('svg', { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, [
    line,
  ]);
  const [cpu, connections, stops, next] = ['CPU', 'Connections', 'Stops in', 'Next'].map(head => cell(head)) as [Cell, Cell, Cell, Cell];
  const element = make('tr', {
    children: [
      make('td', { class: 'state', children: [sign, word] }),
      make('td', { class: 'service', children: [name, pinned, why] }),
      make('td', { class: 'memory', children: [bar.element, memory] }),
      make('td', { class: 'sparks', children: [spark] }),
      ...[cpu, connections, stops, next].map(each => each.element),
    ],
  });
  // The button is for the keyboard and for screen readers; a click anywhere does the same.
  element.addEventListener('click', () => chosen(id));
  return {
    element,
    show(service: LiveService, { snapshot, at, isOpen, several }: Scene) {
      const state = stateLabel(service);
      element.className = `is-${state}${isOpen ? ' open' : ''}`;
      setText(sign, state === 'unhealthy' ? '!' : SIGNS[service.state]);
      setText(word, service.loading ? `loads ${Math.floor(service.loading.share * 100)} %` : state);
      setText(name, `${several ? `${service.project}/` : ''}${service.name}`);
      setHidden(pinned, !service.pinned);
      setAttribute(name, 'aria-expanded', String(isOpen));
      setText(why, service.why);
      setAttribute(why, 'title', service.why);
      bar.show(memoryBar(service), memoryTitle(service));
      setText(memory, memoryLabel(service));
      setAttribute(line, 'points', sparkPoints(snapshot.recent[service.id] ?? [], at, WIDTH, HEIGHT));
      cpu.show(percentShown(service.usage?.cpu), service.usage === null);
      connections.show(String(service.connections), service.connections === 0);
      const left = service.stopsIn === null ? null : service.stopsIn - (at - snapshot.live.at);
      stops.show(left === null ? '–' : countdownShown(left), left === null);
      next.show(service.next ? `#${service.next.rank}` : '–', service.next === null, nextLabel(service));
    },
  };
}

type Cell = ReturnType<typeof cell>;

/** `head` is shown beside the value where the table has no room for columns. */
function cell(head: string) {
  const element = make('td', { class: 'value' });
  element.dataset['head'] = head;
  return {
    element,
    show(text: string, isQuiet: boolean, title = '') {
      setText(element, text);
      element.classList.toggle('quiet', isQuiet);
      if (title !== '') setAttribute(element, 'title', title);
    },
  };
}
