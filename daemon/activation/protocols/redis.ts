import { RespCommands } from './resp.js';
import { RespReplies } from './resp-replies.js';
import type { ProtocolTracker } from './tracker.js';

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

/** Follows MULTI…EXEC, blocked commands, subscriptions and commands without their answer. */
export class RedisTracker implements ProtocolTracker {
  readonly canMove = false;
  readonly #holdBlocked: boolean;
  #isOpaque = false;
  #inTransaction = false;
  /** Commands without their answer. */
  #unanswered = 0;
  /** The last command answers when something happens. */
  #isBlocking = false;
  #subscriptions = 0;
  #isMonitor = false;
  readonly #commands = new RespCommands(NAMES, {
    command: (words, count) => this.#onCommand(words, count),
    other: () => {
      this.#unanswered += 1;
      this.#isBlocking = false;
    },
  });
  /** What is published or monitored comes without being asked for. */
  readonly #replies = new RespReplies(() => {
    if (this.#unanswered > 0) this.#unanswered -= 1;
  });

  constructor(holdBlocked: boolean) {
    this.#holdBlocked = holdBlocked;
  }

  get holding(): boolean {
    if (this.#isOpaque) return false;
    if (this.#inTransaction || this.#commands.isInside || this.#replies.isInside) return true;
    const isBlocked = this.#isBlocking && this.#unanswered === 1;
    if (this.#unanswered > 0 && !isBlocked) return true;
    return this.#holdBlocked && (isBlocked || this.#subscriptions > 0 || this.#isMonitor);
  }

  get isBlind(): boolean {
    return this.#isOpaque;
  }

  client(chunk: Buffer): void {
    if (this.#isOpaque) return;
    this.#commands.feed(chunk);
    if (this.#commands.isLost) this.#isOpaque = true;
  }

  server(chunk: Buffer): void {
    if (this.#isOpaque) return;
    this.#replies.feed(chunk);
    if (this.#replies.isLost) this.#isOpaque = true;
  }

  #onCommand(words: readonly string[], count: number): void {
    const name = words[0] ?? '';
    this.#unanswered += 1;
    // Inside MULTI nothing blocks.
    this.#isBlocking = !this.#inTransaction && (BLOCKING.has(name) || (name.startsWith('XREAD') && words.includes('BLOCK')));
    this.#note(name, words, count);
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
