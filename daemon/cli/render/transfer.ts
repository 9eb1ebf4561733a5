import { type Bytes, formatBytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { formatSpan } from '../../shared/span.js';
import { shorten } from './table.js';

/** How far something has been copied. */
export interface Copied {
  readonly name: string;
  /** Where this run began; earlier bytes were there already. */
  readonly from: Bytes;
  readonly done: Bytes;
  readonly total: Bytes;
  /** Since this run began, ms. */
  readonly elapsed: Ms;
}

const BAR = 24;

/** One line: name, bar, share, size, rate and time left. */
export function transferLine(copied: Copied, width: number): string {
  const { name, done, total } = copied;
  const share = total === 0 ? 1 : done / total;
  const full = Math.round(share * BAR);
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`;
  return shorten(
    `${name}  ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${formatBytes(done)} of ${formatBytes(total)}${paceOf(copied)}`,
    width,
  );
}

/** The same for a log. */
export function transferText(copied: Copied): string {
  const { name, done, total } = copied;
  return `${name}: ${formatBytes(done)} of ${formatBytes(total)} (${Math.floor((done / Math.max(1, total)) * 100)} %)${paceOf(copied)}`;
}

/** Empty in the first half second, which is too short for a rate. */
function paceOf({ from, done, total, elapsed }: Copied): string {
  if (elapsed < 500 || done <= from) return '';
  const rate = ((done - from) / elapsed) * 1000;
  const left = done >= total ? '' : `, ${formatSpan(((total - done) / rate) * 1000)} left`;
  return `, ${formatBytes(rate)}/s${left}`;
}
