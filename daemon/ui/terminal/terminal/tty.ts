import { Gate } from '../../shared/gate.js';
import { own, type Printable } from '../../shared/own.js';
import type { Size } from '../cells.js';
import type { Terminal } from './terminal.js';

const ESC = '\u001b';
/** Alternate screen, no cursor, no wrapping at the right edge, pastes in brackets. The main screen and its scrollback stay as they are. */
const ENTER = own(`${ESC}[?1049h${ESC}[m${ESC}[?25l${ESC}[?7l${ESC}[?2004h`);
/** Presses and the wheel, in SGR form. */
const MOUSE_ON = own(`${ESC}[?1000h${ESC}[?1006h`);
/**
 * The end of a frame first: a crash may have come in the middle of one. Cleared, since tmux 3.3 leaves rows of the frame on the main
 * screen when its window has grown meanwhile.
 */
const LEAVE = own(`${ESC}[?2026l${ESC}[1;1H${ESC}[2J${ESC}[?1006l${ESC}[?1000l${ESC}[?2004l${ESC}[?7h${ESC}[m${ESC}[?25h${ESC}[?1049l`);
/** A process that cannot be stopped (its group has no shell) goes on after this time, ms. */
const STOPPED_WITHIN = 100;
/** Of terminals that do not say. */
const USUAL: Size = { columns: 80, rows: 24 };

type Input = Pick<NodeJS.ReadStream, 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>;
type Output = Pick<NodeJS.WriteStream, 'columns' | 'rows' | 'write' | 'on' | 'off'>;

/** The terminal of this process. `close` when it is not needed any more. */
export class Tty implements Terminal {
  readonly #stdin: Input;
  readonly #stdout: Output;
  readonly #gate: Gate;
  readonly #enter: string;
  #taken = false;
  #suspended = false;
  #typed: (chunk: Uint8Array) => void = () => undefined;
  #ended: () => void = () => undefined;
  #resized: () => void = () => undefined;
  #continued: () => void = () => undefined;
  #stopped: () => void = () => undefined;

  constructor(stdin: Input, stdout: Output, { mouse }: { readonly mouse: boolean }) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#gate = new Gate(stdout);
    this.#enter = ENTER + (mouse ? MOUSE_ON : '');
    process.on('SIGCONT', this.#onContinue).on('SIGTSTP', this.#onStop).on('exit', this.#onExit);
  }

  size(): Size {
    return { columns: this.#stdout.columns || USUAL.columns, rows: this.#stdout.rows || USUAL.rows };
  }

  write(text: Printable): void {
    this.#gate.paint(text);
  }

  take(): void {
    if (this.#taken) return;
    this.#taken = true;
    this.#stdin.setRawMode(true);
    this.#stdin.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onEnd).resume();
    this.#stdout.on('resize', this.#onResize);
    this.#gate.write(this.#enter);
  }

  give(): void {
    if (!this.#taken) return;
    this.#taken = false;
    this.#stdout.off('resize', this.#onResize);
    this.#stdin.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onEnd).pause();
    this.#gate.write(LEAVE);
    this.#stdin.setRawMode(false);
  }

  async suspend(): Promise<void> {
    if (this.#suspended) return;
    this.#suspended = true;
    this.give();
    // Without a listener the signal does what it does to others. To the whole group: a wrapper that waits for us has to stop as well.
    process.off('SIGTSTP', this.#onStop);
    process.kill(0, 'SIGTSTP');
    await new Promise<void>(resolve => {
      process.once('SIGCONT', () => resolve());
      setTimeout(resolve, STOPPED_WITHIN);
    });
    process.on('SIGTSTP', this.#onStop);
    this.#suspended = false;
    this.take();
  }

  onInput(listener: (chunk: Uint8Array) => void, ended: () => void): void {
    this.#typed = listener;
    this.#ended = ended;
  }

  onResize(listener: () => void): void {
    this.#resized = listener;
  }

  onContinue(listener: () => void): void {
    this.#continued = listener;
  }

  onStop(listener: () => void): void {
    this.#stopped = listener;
  }

  close(): void {
    this.give();
    process.off('SIGCONT', this.#onContinue).off('SIGTSTP', this.#onStop).off('exit', this.#onExit);
  }

  readonly #onData = (chunk: Uint8Array) => this.#typed(chunk);
  readonly #onEnd = () => this.#ended();
  readonly #onResize = () => this.#resized();
  readonly #onStop = () => this.#stopped();
  readonly #onExit = () => this.give();
  /** After a SIGSTOP, which cannot be caught: the modes are what the shell left. */
  readonly #onContinue = () => {
    if (!this.#taken || this.#suspended) return;
    this.give();
    this.take();
    this.#continued();
  };
}
