import type { Row } from '../cells.js';
import type { DashboardState } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';
import { span } from '../text/rows.js';
import { sized, wrap } from '../text/width.js';
import { sideBySide } from './parts.js';

type Part = readonly [title: string, keys: readonly (readonly [string, string])[]];

// biome-ignore format: a table
const PARTS: readonly Part[] = [
  ['Move', [
    ['↑ ↓  j k', 'up and down'], ['g G  home end', 'first, last'], ['page keys', 'a page; ctrl-u ctrl-d: half of one'],
    ['enter', 'what is under the cursor, in full'], ['escape  h', 'back'], ['tab', 'services, events, budget; in a detail the next service'],
    ['mouse', 'a click selects, another one opens; the wheel scrolls'],
  ]],
  ['Services', [
    ['u', 'up: starts it; asks if another would have to go'], ['x', 'stop; asks'], ['r', 'restart; asks'],
    ['p', 'pin: it neither sleeps nor makes room; again: unpin'], ['w', 'what if it were started, or stopped: the plan'],
    ['D', 'down: its whole project; asks, keeps volumes'], ['e', 'a shell in it'], ['l  L', 'its logs; those of its project'],
    ['/', 'filter by name, project or state'], ['s', 'sort by state, name, memory, CPU, next to go'], ['b', 'budget: what is held, what goes, what is kept'],
  ]],
  ['Detail', [
    ['← →', '1 minute, 15 minutes, 24 hours'], ['z', 'the chart up to the peak instead of the maximum'], ['j k', 'scroll'],
  ]],
  ['Logs', [
    ['f  space', 'follow, or stand still'], ['/', 'search; n and N: next, previous'], ['&', 'only lines with this'],
    ['w', 'wrap long lines'], ['← →', 'sideways'], ['t', 'times'],
  ]],
  ['Program', [
    ['q  ctrl-c', 'quit; services go on'], ['ctrl-z', 'suspend'], ['ctrl-l', 'repaint'], ['?', 'this page'],
  ]],
];

function signs({ state, used, granted, reserve, mark }: Glyphs): Part {
  return [
    'Signs',
    [
      [`${used} ${granted} ${reserve}`, 'used; granted and not used; up to the maximum, or free'],
      [mark, 'the standard: what a service is sure to get'],
      ['▲ NOW', 'uses more than its standard, a burst that can be taken back'],
      ['! NOW', 'more than 90 % of its grant, which is its limit'],
      ['#1 #2 …', 'what goes first when memory is short'],
      ['held  pin', 'is not stopped for others: in use, starting, or pinned'],
      [
        `${state.running} ${state.frozen} ${state.asleep} ${state.stopped}`,
        'running; frozen: paused, keeps its memory; asleep: a connection wakes it; stopped',
      ],
      ['CPU', '100 % is one core'],
      ['PSI', 'share of the last 10 s that something, or everything, waited for memory'],
      ['self', 'memory and CPU of the daemon itself'],
    ],
  ];
}

/** All keys and signs, in two columns where there is room. */
export function helpRows(dash: DashboardState, glyphs: Glyphs): readonly Row[] {
  const { columns } = dash.size;
  const [move, services, ...others] = [...PARTS, signs(glyphs)];
  const block = (parts: readonly (Part | undefined)[], cells: number) => parts.flatMap(part => (part ? partRows(part, cells) : []));
  if (columns < 110) return block([move, services, ...others], columns);
  const half = Math.floor(columns / 2);
  return sideBySide(block([move, services], half - 2), block(others, columns - half - 1), half, columns - half - 1);
}

const KEY = 14;

function partRows([title, keys]: Part, cells: number): readonly Row[] {
  const lines = keys.flatMap(([key, what]) =>
    wrap(what, Math.max(10, cells - KEY - 3)).map((line, at): Row => [span(`  ${sized(at === 0 ? key : '', KEY)} `, 'key'), span(line)]),
  );
  return [[span(` ${title}`, 'title')], ...lines, []];
}
