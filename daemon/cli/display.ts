import type { LoggedNotice } from '../api/notice.js';
import type { Plan } from '../api/plan.js';
import { own } from '../ui/shared/own.js';
import type { Cli, Output } from './cli.js';
import { inCi } from './cli.js';
import { advanced, type Progress, type ProgressGoal, plainLine, progressOf, renderProgress } from './render/progress.js';

/** Shows the progress of an action on stderr. */
export interface Display {
  begin(plan: Plan, goal: ProgressGoal, project: string): void;
  notice(notice: LoggedNotice): void;
  /** The last state stays on the screen. */
  end(): void;
}

/** A live tree on a terminal, one line per notice elsewhere and in CI, nothing with --quiet. */
export function displayFor(cli: Cli): Display {
  if (cli.options.quiet) return { begin() {}, notice() {}, end() {} };
  if (cli.err.terminal && !inCi(cli.env) && cli.env['TERM'] !== 'dumb') return new LiveDisplay(cli.err, () => Date.now());
  return { begin() {}, notice: notice => cli.err.write(`${plainLine(notice)}\n`), end() {} };
}

const FRAME_MS = 100;

/** Redraws the lines that changed, in place. The cursor rests below the tree and is never hidden: a process that is killed leaves the terminal usable. */
export class LiveDisplay implements Display {
  readonly #out: Output;
  readonly #now: () => number;
  #progress: Progress | null = null;
  #drawn: readonly string[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(out: Output, now: () => number) {
    this.#out = out;
    this.#now = now;
  }

  begin(plan: Plan, goal: ProgressGoal, project: string): void {
    this.#progress = progressOf(plan, goal, project);
    this.draw();
    this.#timer = setInterval(() => this.draw(), FRAME_MS);
  }

  notice(notice: LoggedNotice): void {
    if (this.#progress) this.#progress = advanced(this.#progress, notice);
  }

  end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    if (this.#progress) this.#progress = { ...this.#progress, note: '', over: true };
    this.draw();
    this.#progress = null;
  }

  draw(): void {
    if (!this.#progress) return;
    const size = { width: this.#out.columns() - 1, height: this.#out.rows() - 1 };
    const lines = renderProgress(this.#progress, this.#now(), { ...size, colours: this.#out.colours });
    const text = redraw(this.#drawn, lines);
    if (text !== '') this.#out.write(text);
    this.#drawn = lines;
  }
}

/** The text that changes the lines `before` on a terminal to the lines `after`; the cursor is below the last line before and afterwards. */
export function redraw(before: readonly string[], after: readonly string[]): string {
  let text = '';
  const height = Math.max(before.length, after.length);
  let row = before.length;
  const moveTo = (target: number) => {
    if (target < row) text += own(`\u001b[${row - target}A`);
    if (target > row) text += own(`\u001b[${target - row}B`);
    row = target;
  };
  for (let at = 0; at < height; at++) {
    if (before[at] === after[at]) continue;
    if (at >= before.length) {
      moveTo(Math.max(row, before.length));
      text += `${after[at]}\n`;
      row = at + 1;
    } else {
      moveTo(at);
      text += `${own('\r\u001b[2K')}${after[at] ?? ''}${own('\r')}`;
    }
  }
  if (row < after.length || row > after.length) moveTo(after.length);
  return text;
}
