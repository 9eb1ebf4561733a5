import uPlot from 'uplot';
import type { HistoryEntry } from '../../../api/live-history.js';
import { formatBytes } from '../../../shared/bytes.js';
import { make } from '../dom.js';
import { timeShown } from '../labels.js';

/** Two charts over the same time: memory with its grant, CPU. */
export interface Charts {
  readonly element: HTMLElement;
  /** `from`, `to`: ms. `gap`: entries further apart than this are not joined, ms. */
  show(
    entries: readonly HistoryEntry[],
    range: { readonly from: number; readonly to: number; readonly gap: number; readonly grant: number },
  ): void;
  close(): void;
}

const HEIGHT = 130;
/** Steps of the scales: powers of two of a MiB, so that ticks are whole. */
const MEMORY_STEPS = Array.from({ length: 20 }, (_, power) => 1024 * 1024 * 2 ** power);
const CPU_STEPS = [1, 2, 5, 10, 25, 50, 100, 200, 400, 800, 1_600];

export function createCharts(): Charts {
  const [memoryBox, cpuBox] = [make('div', { class: 'chart' }), make('div', { class: 'chart' })];
  const element = make('div', {
    class: 'charts',
    children: [make('h4', { text: 'Memory' }), memoryBox, make('h4', { text: 'CPU, % of a core' }), cpuBox],
  });
  let range: [number, number] = [0, 1];
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const options = (series: uPlot.Series[], values: (u: uPlot, splits: number[]) => string[], steps: number[]): uPlot.Options => ({
    width: 300,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true, range: () => range }, y: { range: (_, _low, high) => [0, Math.max(steps[0] ?? 1, (high ?? 0) * 1.1)] } },
    axes: [
      { ...axis(), values: (_, splits) => splits.map(clockOf), size: 26, space: 60 },
      { ...axis(), values, incrs: steps, size: 58, space: 28 },
    ],
    series: [{}, ...series],
  });
  const axis = (): uPlot.Axis => ({
    font: '11px system-ui, sans-serif',
    stroke: colour('--quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  });
  const line = { width: 2, points: { show: false } };
  const memory = new uPlot(
    options(
      [
        { ...line, stroke: colour('--blue'), fill: `${colour('--blue')}33` },
        { stroke: colour('--orange'), width: 1, dash: [4, 3], points: { show: false } },
      ],
      (_, splits) => splits.map(formatBytes),
      MEMORY_STEPS,
    ),
    [[], [], []],
    memoryBox,
  );
  const cpu = new uPlot(
    options(
      [{ ...line, stroke: colour('--green'), fill: `${colour('--green')}33` }],
      (_, splits) => splits.map(value => `${value} %`),
      CPU_STEPS,
    ),
    [[], []],
    cpuBox,
  );
  const fit = new ResizeObserver(() => {
    const width = Math.max(200, element.clientWidth);
    for (const chart of [memory, cpu]) if (chart.width !== width) chart.setSize({ width, height: HEIGHT });
  });
  fit.observe(element);
  return {
    element,
    show(entries, { from, to, gap, grant }) {
      range = [from / 1000, to / 1000];
      const points = withGaps(entries, gap);
      const times = points.map(({ at }) => at / 1000);
      memory.setData([
        times,
        points.map(({ entry }) => entry?.workingSet ?? null),
        points.map(({ entry }) => (entry && grant > 0 ? grant : null)),
      ]);
      cpu.setData([times, points.map(({ entry }) => entry?.cpu ?? null)]);
    },
    close() {
      fit.disconnect();
      memory.destroy();
      cpu.destroy();
    },
  };
}

/** `seconds` since the epoch, in the viewer's own time. */
function clockOf(seconds: number): string {
  const text = timeShown(seconds * 1000);
  return text.endsWith(':00') ? text.slice(0, 5) : text;
}

/** What was not measured (asleep) is left out of the line, not bridged. */
function withGaps(entries: readonly HistoryEntry[], gap: number): readonly { readonly at: number; readonly entry: HistoryEntry | null }[] {
  return entries.flatMap((entry, index) => {
    const before = entries[index - 1];
    const hole = before && entry.at - before.at > gap ? [{ at: before.at + 1, entry: null }] : [];
    return [...hole, { at: entry.at, entry }];
  });
}
