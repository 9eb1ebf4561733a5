import type { Failure } from '../../../shared/failure.js';
import { toFailure } from '../../../shared/to-failure.js';
import type { Effect, Input, LogText } from '../input.js';
import type { Backend } from './backend.js';

/** Effects that ask the daemon. The others concern the terminal and are the program's own. */
export type Asked = Extract<Effect, { kind: 'plan' | 'act' | 'fetchHistory' | 'openLogs' | 'closeLogs' }>;

/** Lines of logs that come together are delivered together, at most so many. */
const BATCH = 1_000;

/** Carries out what the machine asks of the daemon and answers it with inputs. Never throws. */
export class BackendEffects {
  readonly #backend: Backend;
  readonly #answer: (input: Input) => void;
  /** Aborts when the dashboard ends: works go on at the daemon. */
  readonly #signal: AbortSignal;
  #logs: AbortController | null = null;

  constructor(backend: Backend, answer: (input: Input) => void, signal: AbortSignal) {
    this.#backend = backend;
    this.#answer = answer;
    this.#signal = signal;
  }

  async carryOut(effect: Asked): Promise<void> {
    switch (effect.kind) {
      case 'plan':
        return this.#settle(
          this.#backend.plan(effect.action, this.#signal),
          plan => ({ kind: 'planned', action: effect.action, plan, failure: null }),
          failure => ({ kind: 'planned', action: effect.action, plan: null, failure }),
        );
      case 'act':
        return this.#settle(
          this.#backend.act(effect.action, this.#signal),
          failure => ({ kind: 'acted', action: effect.action, failure }),
          failure => ({ kind: 'acted', action: effect.action, failure }),
        );
      case 'fetchHistory': {
        const [project = '', service = ''] = effect.id.split('/');
        return this.#settle(
          this.#backend.history(project, service, effect.span),
          history => ({ kind: 'history', id: effect.id, span: effect.span, history }),
          ({ message }) => ({ kind: 'message', text: message, isError: true }),
        );
      }
      case 'openLogs':
        return this.#openLogs(effect);
      case 'closeLogs':
        return this.#closeLogs();
    }
  }

  async #settle<T>(work: Promise<T>, done: (value: T) => Input, failed: (failure: Failure) => Input): Promise<void> {
    const answer = await work.then(done, error => failed(toFailure(error)));
    if (!this.#signal.aborted) this.#answer(answer);
  }

  async #openLogs({ serial, project, services, tail }: Extract<Effect, { kind: 'openLogs' }>): Promise<void> {
    this.#closeLogs();
    const own = new AbortController();
    this.#logs = own;
    const signal = AbortSignal.any([own.signal, this.#signal]);
    const answer = (input: Input) => void (signal.aborted || this.#answer(input));
    const batch = new Batch(lines => answer({ kind: 'logs', serial, lines }));
    try {
      for await (const line of this.#backend.logs(project, services, tail, signal))
        await batch.add(line.stream === 'notice' ? { ...line, text: `─ ${line.text} ─` } : line);
      batch.flush();
      answer({ kind: 'logsEnded', serial, failure: null });
    } catch (error) {
      batch.flush();
      answer({ kind: 'logsEnded', serial, failure: toFailure(error) });
    }
  }

  #closeLogs(): void {
    this.#logs?.abort();
    this.#logs = null;
  }
}

/** Gathers what comes within one turn of the event loop. */
class Batch {
  readonly #deliver: (lines: readonly LogText[]) => void;
  #lines: LogText[] = [];

  constructor(deliver: (lines: readonly LogText[]) => void) {
    this.#deliver = deliver;
  }

  /** A reader that waits for this leaves keys and frames their turn, however fast a service writes. */
  async add(line: LogText): Promise<void> {
    if (this.#lines.length === 0) setImmediate(() => this.flush());
    this.#lines.push(line);
    if (this.#lines.length >= BATCH) await new Promise(resolve => setImmediate(resolve));
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#deliver(lines);
  }
}
