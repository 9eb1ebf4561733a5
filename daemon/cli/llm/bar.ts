import type { Bytes } from '../../shared/bytes.js';
import { own } from '../../ui/shared/own.js';
import type { Cli } from '../cli.js';
import { inCi } from '../cli.js';
import { type Copied, transferLine, transferText } from '../render/transfer.js';

/** Progress of one copy, on stderr. */
export interface ProgressBar {
  begin(from: Bytes): void;
  at(bytes: Bytes): void;
  /** The last state stays. */
  end(): void;
}

const FRAME = 100;

/** A bar on a terminal, one line per tenth elsewhere and in CI, nothing with --quiet. `now`: ms. */
export function barFor(cli: Cli, name: string, total: Bytes, now: () => number = () => performance.now()): ProgressBar {
  const { err, env, options } = cli;
  if (options.quiet) return { begin() {}, at() {}, end() {} };
  const live = err.terminal && !inCi(env) && env['TERM'] !== 'dumb';
  let copied: Copied | null = null;
  let began = 0;
  let drawn = Number.NEGATIVE_INFINITY;
  let tenth = -1;
  const draw = () => {
    if (!copied) return;
    drawn = now();
    err.write(`${own('\r\u001b[2K')}${transferLine(copied, err.columns() - 1)}`);
  };
  const move = (done: Bytes) => {
    if (!copied) return;
    copied = { ...copied, done, elapsed: now() - began };
    if (live) return now() - drawn < FRAME ? undefined : draw();
    const reached = Math.floor((done / Math.max(1, total)) * 10);
    if (reached > tenth) err.write(`${transferText(copied)}\n`);
    tenth = Math.max(tenth, reached);
  };
  return {
    begin(from) {
      began = now();
      copied = { name, from, done: from, total, elapsed: 0 };
      tenth = Math.floor((from / Math.max(1, total)) * 10);
      move(from);
    },
    at: move,
    end() {
      if (!live || !copied) return;
      draw();
      err.write('\n');
      copied = null;
    },
  };
}
