import type { StreamFrame } from '../../../../../daemon/api/live.js';
import type { Size } from '../../../../../daemon/ui/terminal/cells.js';
import type { Machine } from '../../../../../daemon/ui/terminal/dash.js';
import type { Effect, Input } from '../../../../../daemon/ui/terminal/input.js';
import type { Backend } from '../../../../../daemon/ui/terminal/terminal/backend.js';
import type { Terminal } from '../../../../../daemon/ui/terminal/terminal/terminal.js';

/** Values that a test pushes and a program iterates. */
export class Pushed<T> implements AsyncIterable<T> {
  readonly #waiting: (() => void)[] = [];
  readonly #values: T[] = [];
  #ended: { readonly error: unknown } | null = null;

  push(value: T): void {
    this.#values.push(value);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** null: a plain end. */
  end(error: unknown = null): void {
    this.#ended ??= { error };
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) yield value;
      else if (this.#ended?.error) throw this.#ended.error;
      else if (this.#ended) return;
      else await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  }
}

/** A terminal that keeps what is written; the test types, resizes and stops. */
export class FakeTerminal implements Terminal {
  written = '';
  taken = false;
  /** What happened to it, in order. */
  readonly history: string[] = [];
  current: Size = { columns: 40, rows: 6 };
  type: (text: string) => void = () => undefined;
  hangUp: () => void = () => undefined;
  resize: () => void = () => undefined;
  continue: () => void = () => undefined;
  stop: () => void = () => undefined;
  /** Lets `suspend` go on. */
  wake: () => void = () => undefined;
  readonly #watching = new Set<() => void>();

  size(): Size {
    return this.current;
  }
  write(text: string): void {
    this.written += text;
    for (const look of this.#watching) look();
  }
  take(): void {
    if (!this.taken) this.history.push('take');
    this.taken = true;
  }
  give(): void {
    if (this.taken) this.history.push('give');
    this.taken = false;
  }
  async suspend(): Promise<void> {
    this.give();
    await new Promise<void>(resolve => {
      this.wake = resolve;
    });
    this.take();
  }
  onInput(listener: (chunk: Uint8Array) => void, ended: () => void): void {
    this.type = text => listener(new TextEncoder().encode(text));
    this.hangUp = ended;
  }
  onResize(listener: () => void): void {
    this.resize = listener;
  }
  onContinue(listener: () => void): void {
    this.continue = listener;
  }
  onStop(listener: () => void): void {
    this.stop = listener;
  }

  /** Resolves when that has been written. */
  seen(text: string): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        if (!this.written.includes(text)) return;
        this.#watching.delete(look);
        resolve();
      };
      this.#watching.add(look);
      look();
    });
  }
}

export interface Noted {
  readonly size: Size;
  readonly inputs: readonly Input[];
}

/** A machine that keeps its inputs, shows the last one, and asks for what the test says. Typing `!` breaks it. */
export function notingMachine(
  effects: (input: Input) => readonly Effect[] = () => [],
): Machine<Noted> & { readonly inputs: () => readonly Input[] } {
  let last: readonly Input[] = [];
  return {
    inputs: () => last,
    begin: size => ({ size, inputs: [] }),
    update: (before, input) => {
      if (input.kind === 'key' && input.key.text === '!') throw new Error('broken by a test');
      last = [...before.inputs, input];
      return { dash: { size: input.kind === 'resize' ? input.size : before.size, inputs: last }, effects: effects(input) };
    },
    view: ({ size, inputs }) => [[{ text: `${size.columns}x${size.rows} ${wordOf(inputs.at(-1))}`, style: 'plain' }]],
  };
}

export function wordOf(input: Input | undefined): string {
  if (input === undefined) return 'nothing yet';
  switch (input.kind) {
    case 'key':
      return `key ${input.key.name}`;
    case 'frame':
      return `frame ${input.frame.seq}`;
    case 'lost':
      return `lost ${input.failure.message}`;
    case 'message':
      return `told ${input.text}`;
    default:
      return input.kind;
  }
}

export function heartbeat(seq: number): StreamFrame {
  return { type: 'heartbeat', seq, at: seq };
}

/** A daemon that a test plays: the streams that were opened, and what else it is replaced by. */
export function fakeBackend(parts: Partial<Backend> = {}): Backend & { readonly streams: Pushed<StreamFrame>[] } {
  const streams: Pushed<StreamFrame>[] = [];
  return {
    streams,
    stream: signal => {
      const stream = new Pushed<StreamFrame>();
      signal.addEventListener('abort', () => stream.end());
      streams.push(stream);
      return stream;
    },
    plan: () => Promise.reject(new Error('no plan in this test')),
    act: async () => null,
    history: async () => ({ slot: 0, entries: [] }),
    logs: () => new Pushed(),
    shell: async () => 0,
    ...parts,
  };
}
