import type { Ms } from '../../../shared/span.js';
import type { ChartPoint } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';

const MINUTE: Ms = 60_000;

/** The working set of the last 60 s in so many characters, full at `top`; blank where it was not measured. */
export function sparkline(points: readonly ChartPoint[], now: Ms, cells: number, top: number, { levels }: Glyphs): string {
  let line = '';
  let at = 0;
  let value: number | null = null;
  for (let cell = 1; cell <= cells; cell++) {
    const end = now - MINUTE + (cell / cells) * MINUTE;
    let highest = value;
    for (let point = points[at]; point && point.at <= end; point = points[++at]) {
      value = point.workingSet;
      highest = Math.max(highest ?? 0, value ?? 0) || value;
    }
    if (highest === null) line += ' ';
    else line += levels[Math.min(levels.length - 1, Math.max(0, Math.floor((highest / Math.max(1, top)) * levels.length)))] ?? ' ';
  }
  return line;
}
