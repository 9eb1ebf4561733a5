import type { StreamFrame } from '../../../api/live.js';
import type { Failure } from '../../../shared/failure.js';
import { toFailure } from '../../../shared/to-failure.js';
import type { Capabilities } from '../cells.js';
import type { Machine } from '../dash.js';
import type { Effect, Input } from '../input.js';
import type { Backend } from './backend.js';
import { decode, NOTHING, type Pending, settle } from './decode.js';
import { BackendEffects } from './effects.js';
import { followStream } from './follow.js';
import { type Painted, paint } from './paint.js';
import { type Palette, paletteOf } from './palette.js';
import type { Terminal } from './terminal.js';

/** Between two frames at least, ms, where no key was pressed. */
const FRAME = 33;
/** The first frame waits so long for the daemon's answer, ms: one that is there answers sooner, and no empty screen flashes. */
const PATIENCE = 60;
const SECOND = 1_000;
/** A key that begins with ESC comes whole within this time, ms; over slow lines terminals send it in one packet. */
const ESCAPE = 50;

export interface Parts<Dash> {
  readonly machine: Machine<Dash>;
  readonly terminal: Terminal;
  readonly backend: Backend;
  readonly capabilities: Capabilities;
  /** ms since the epoch. */
  readonly now: () => number;
}

/**
 * The dashboard on a terminal: inputs one after the other into the machine, its effects out, and what it shows onto the screen.
 * Invariants: the machine's state changes in `#take` only, which never waits; nothing is drawn while the terminal is given away.
 */
export class Program<Dash> {
  readonly #parts: Parts<Dash>;
  readonly #palette: Palette;
  readonly #effects: BackendEffects;
  readonly #over = new AbortController();
  /** Ends the stream while the process is stopped: a viewer that does not look costs nothing. */
  #stream = new AbortController();
  #dash: Dash;
  #painted: Painted = null;
  #shown = true;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #drawnBefore = Number.NEGATIVE_INFINITY;
  #drawing: NodeJS.Timeout | null = null;
  #ticking: NodeJS.Timeout | null = null;
  #tickedAt = performance.now();
  #pending: Pending = NOTHING;
  #settling: NodeJS.Timeout | null = null;
  #fail: (error: unknown) => void = () => undefined;

  constructor(parts: Parts<Dash>) {
    this.#parts = parts;
    this.#palette = paletteOf(parts.capabilities);
    this.#dash = parts.machine.begin(parts.terminal.size(), parts.now());
    this.#effects = new BackendEffects(parts.backend, input => this.#guarded(() => this.#tell(input)), this.#over.signal);
  }

  /** Shows the dashboard until it is left or the signal aborts; rejects when something of ours breaks. The terminal is given back by then. */
  async run(signal: AbortSignal): Promise<void> {
    const { terminal } = this.#parts;
    const broken = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const left = new Promise<void>(resolve => this.#over.signal.addEventListener('abort', () => resolve()));
    const leave = () => this.#over.abort();
    signal.addEventListener('abort', leave);
    try {
      terminal.take();
      terminal.onInput(chunk => this.#guarded(() => this.#typed(chunk)), leave);
      terminal.onResize(() => this.#guarded(() => this.#resized()));
      terminal.onContinue(() => this.#guarded(() => this.#resized()));
      terminal.onStop(() => void this.#suspend().catch(this.#fail));
      this.#follow();
      this.#tickLater();
      this.#drawing = setTimeout(() => this.#guarded(() => this.#draw()), PATIENCE);
      if (signal.aborted) leave();
      await Promise.race([left, broken]);
    } finally {
      signal.removeEventListener('abort', leave);
      this.#over.abort();
      this.#stream.abort();
      for (const timer of [this.#drawing, this.#ticking, this.#settling]) if (timer) clearTimeout(timer);
      terminal.give();
    }
  }

  #follow(): void {
    this.#stream = new AbortController();
    const follower = {
      frame: (frame: StreamFrame) => this.#heard({ kind: 'frame', frame }),
      lost: (failure: Failure) => this.#heard({ kind: 'lost', failure }),
    };
    followStream(this.#parts.backend, follower, this.#stream.signal).catch(this.#fail);
  }

  #heard(input: Input): void {
    // A stream at 1 Hz ticks along: one drawing for both.
    if (performance.now() - this.#tickedAt > SECOND * 0.8) this.#take(this.#tick());
    this.#take(input);
    if (this.#drawnAt === Number.NEGATIVE_INFINITY) this.#draw();
    else this.#drawSoon();
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #tell(input: Input): void {
    this.#take(input);
    this.#drawSoon();
  }

  #take(input: Input): void {
    if (this.#over.signal.aborted) return;
    const { dash, effects } = this.#parts.machine.update(this.#dash, input);
    this.#dash = dash;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'quit':
        return this.#over.abort();
      case 'repaint':
        return this.#repaint();
      case 'suspend':
        return void this.#suspend().catch(this.#fail);
      case 'shell':
        return void this.#shell(effect.project, effect.service).catch(this.#fail);
      default:
        return void this.#effects.carryOut(effect).catch(this.#fail);
    }
  }

  async #suspend(): Promise<void> {
    this.#stream.abort();
    this.#shown = false;
    await this.#parts.terminal.suspend();
    if (this.#over.signal.aborted) return;
    this.#shown = true;
    this.#resized();
    this.#follow();
  }

  async #shell(project: string, service: string): Promise<void> {
    const { terminal, backend } = this.#parts;
    this.#shown = false;
    terminal.give();
    const outcome = await backend.shell(project, service).then(
      code => ({ text: `The shell in ${service} ended${code === 0 ? '' : ` with ${code}`}.`, isError: false }),
      error => ({ text: toFailure(error).message, isError: true }),
    );
    if (this.#over.signal.aborted) return;
    terminal.take();
    this.#shown = true;
    this.#take({ kind: 'message', ...outcome });
    this.#resized();
  }

  #typed(chunk: Uint8Array): void {
    if (this.#settling) clearTimeout(this.#settling);
    const { typed, pending } = decode(this.#pending, chunk);
    this.#pending = pending;
    for (const input of typed) this.#take(input);
    if (typed.some(({ kind }) => kind === 'key')) this.#draw();
    else if (typed.length > 0) this.#drawSoon();
    if (pending.bytes.length > 0) this.#settling = setTimeout(() => this.#guarded(() => this.#settle()), ESCAPE);
  }

  #settle(): void {
    const { typed, pending } = settle(this.#pending);
    this.#pending = pending;
    for (const input of typed) this.#take(input);
    this.#draw();
  }

  #resized(): void {
    this.#painted = null;
    this.#tell({ kind: 'resize', size: this.#parts.terminal.size() });
  }

  #tick(): Input {
    this.#tickedAt = performance.now();
    this.#tickLater();
    return { kind: 'tick', now: this.#parts.now() };
  }

  /** A little later than the frames of a stream at 1 Hz, which tick along. */
  #tickLater(): void {
    if (this.#ticking) clearTimeout(this.#ticking);
    this.#ticking = setTimeout(() => this.#guarded(() => this.#tell(this.#tick())), SECOND * 1.1);
  }

  #repaint(): void {
    this.#painted = null;
    this.#drawSoon();
  }

  /** At once, unless there were two frames within the time of two: then when that is over. What follows close on a tick does not wait. */
  #drawSoon(): void {
    if (this.#drawing) return;
    const wait = this.#drawnBefore + 2 * FRAME - performance.now();
    if (wait > 0) this.#drawing = setTimeout(() => this.#guarded(() => this.#draw()), wait);
    else this.#draw();
  }

  #draw(): void {
    if (this.#drawing) clearTimeout(this.#drawing);
    this.#drawing = null;
    if (!this.#shown || this.#over.signal.aborted) return;
    const { machine, terminal, capabilities } = this.#parts;
    const { text, painted } = paint(this.#painted, machine.view(this.#dash, capabilities), terminal.size(), this.#palette);
    if (text !== '') terminal.write(text);
    this.#painted = painted;
    this.#drawnBefore = this.#drawnAt;
    this.#drawnAt = performance.now();
  }
}
