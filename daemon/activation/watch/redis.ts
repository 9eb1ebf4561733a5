import { RespCommands } from './resp.js';
import type { Watch } from './watch.js';

/** Commands whose answer comes when something happens, not when work is done. */
const BLOCKING = new Set('BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF'.split(' '));
const SUBSCRIBE = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE']);
const UNSUBSCRIBE = new Set(['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE']);
/** After these the connection is not one of commands and answers any more. */
const OPAQUE = new Set(['PSYNC', 'SYNC']);
const NAMES = [
  ...BLOCKING,
  ...SUBSCRIBE,
  ...UNSUBSCRIBE,
  ...OPAQUE,
  ...'XREAD XREADGROUP MULTI EXEC DISCARD MONITOR RESET QUIT CLIENT'.split(' '),
];

/** Follows MULTI…EXEC, blocked commands, subscriptions and commands without an answer yet. */
export class RedisWatch implements Watch {
  readonly canMove = false;
  readonly #holdBlocked: boolean;
  #isOpaque = false;
  #inTransaction = false;
  /** Commands since the server last said something. */
  #burst = 0;
  /** The last command blocks: `alone` until any answer comes; `piped` behind others, until the client goes on. */
  #blocked: 'no' | 'alone' | 'piped' = 'no';
  #subscriptions = 0;
  #isMonitor = false;
  readonly #commands = new RespCommands(NAMES, {
    command: (words, count) => this.#onCommand(words, count),
    other: () => {
      this.#burst += 1;
      this.#blocked = 'no';
    },
  });

  constructor(holdBlocked: boolean) {
    this.#holdBlocked = holdBlocked;
  }

  get holding(): boolean {
    if (this.#isOpaque) return false;
    if (this.#inTransaction || this.#commands.isInside) return true;
    if (this.#blocked !== 'no' || this.#subscriptions > 0 || this.#isMonitor) return this.#holdBlocked;
    return this.#burst > 0;
  }

  client(chunk: Buffer): void {
    if (this.#isOpaque) return;
    this.#blocked = 'no';
    this.#commands.feed(chunk);
    if (this.#commands.isLost) this.#isOpaque = true;
  }

  server(_chunk: Buffer): void {
    this.#burst = 0;
    if (this.#blocked === 'alone') this.#blocked = 'no';
  }

  #onCommand(words: readonly string[], count: number): void {
    const name = words[0] ?? '';
    this.#burst += 1;
    if (BLOCKING.has(name) || (name.startsWith('XREAD') && words.includes('BLOCK'))) {
      // Inside MULTI nothing blocks.
      if (!this.#inTransaction) this.#blocked = this.#burst === 1 ? 'alone' : 'piped';
    } else {
      this.#blocked = 'no';
      this.#note(name, words, count);
    }
  }

  #note(name: string, words: readonly string[], count: number): void {
    if (name === 'MULTI') this.#inTransaction = true;
    else if (name === 'EXEC' || name === 'DISCARD') this.#inTransaction = false;
    else if (SUBSCRIBE.has(name)) this.#subscriptions += count - 1;
    else if (UNSUBSCRIBE.has(name)) this.#subscriptions = count === 1 ? 0 : Math.max(0, this.#subscriptions - count + 1);
    else if (name === 'MONITOR') this.#isMonitor = true;
    else if (name === 'RESET' || name === 'QUIT') this.#forget();
    else if (OPAQUE.has(name) || (name === 'CLIENT' && words[1] === 'REPLY')) this.#isOpaque = true;
  }

  #forget(): void {
    this.#inTransaction = false;
    this.#isMonitor = false;
    this.#subscriptions = 0;
  }
}
