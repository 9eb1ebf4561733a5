import type { Live, LiveHost } from '../../../api/live.js';
import { formatBytes } from '../../../shared/bytes.js';
import { make, setText } from '../dom.js';
import { budgetBar, share } from '../geometry.js';
import { percentShown, windowsFigures } from '../labels.js';
import { makeBar } from './bar.js';

const PRESSURE = { none: 'no pressure', soft: 'short of memory', hard: 'very short of memory' } as const;

/** The budget and the host. Returns what shows a snapshot. */
export function createMeters(parent: HTMLElement): (live: Live) => void {
  const budget = meter(parent, 'Budget', 'at-standard');
  const host = meter(parent, 'Host');
  return live => {
    const { budget: whole, granted, standard, workingSet } = live.budget;
    budget.figures.show([
      ['working set', formatBytes(workingSet), 'key-fill'],
      ['standard', formatBytes(standard), 'key-mark'],
      ['granted', formatBytes(granted), 'key-back'],
      ['free to grant', formatBytes(Math.max(0, whole - granted)), 'key-free'],
    ]);
    setText(budget.sum, `${formatBytes(granted)} of ${formatBytes(whole)} granted`);
    budget.bar.show(
      budgetBar(live.budget),
      `working set ${formatBytes(workingSet)}, granted ${formatBytes(granted)} of ${formatBytes(whole)}`,
    );
    showHost(host, live.host);
  };
}

type Meter = ReturnType<typeof meter>;

function showHost({ name, sum, bar, figures }: Meter, host: LiveHost): void {
  const used = host.total - host.available;
  setText(name, host.wsl ? 'WSL' : 'Host');
  setText(sum, `${formatBytes(used)} of ${formatBytes(host.total)} in use`);
  const fill = share(used, host.total);
  bar.show(
    { fill, back: fill, marks: [], over: host.pressure !== 'none' },
    `${formatBytes(host.available)} of ${formatBytes(host.total)} available`,
  );
  figures.show([
    ...windowsFigures(host).map(([figure, value]) => [figure, value, ''] as const),
    ['pressure', `${host.pressure === 'none' ? '' : '▲ '}${PRESSURE[host.pressure]}`, `pressure-${host.pressure}`],
    ['PSI some', host.psi ? percentShown(host.psi.some10) : 'not known', ''],
    ['swap', host.swapTotal > 0 ? `${formatBytes(host.swapTotal - host.swapFree)} of ${formatBytes(host.swapTotal)}` : 'none', ''],
    ['CPU', `${percentShown(host.cpu)} of ${host.cores} cores`, ''],
    ['load', host.load.map(each => each.toFixed(1)).join(' '), ''],
  ]);
}

function meter(parent: HTMLElement, title: string, ...marks: readonly string[]) {
  const [name, sum, list] = [make('h2', { text: title }), make('p', { class: 'sum' }), make('dl')];
  const bar = makeBar(...marks);
  parent.append(
    make('div', { class: 'meter', children: [make('div', { class: 'meter-head', children: [name, sum] }), bar.element, list] }),
  );
  return { name, sum, bar, figures: createFigures(list) };
}

/** Names with values; `kind` is a class. */
export function createFigures(list: HTMLElement): { show(items: readonly (readonly [name: string, value: string, kind: string])[]): void } {
  let made: readonly { readonly group: HTMLElement; readonly name: HTMLElement; readonly value: HTMLElement }[] = [];
  return {
    show(items) {
      if (made.length !== items.length) {
        made = items.map(() => {
          const [name, value] = [make('dt'), make('dd')];
          return { group: make('div', { children: [name, value] }), name, value };
        });
        list.replaceChildren(...made.map(({ group }) => group));
      }
      for (const [index, [name, value, kind]] of items.entries()) {
        const part = made[index];
        if (!part) continue;
        setText(part.name, name);
        setText(part.value, value);
        part.group.className = kind;
      }
    },
  };
}
