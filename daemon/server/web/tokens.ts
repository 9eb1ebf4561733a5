import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Ms } from '../../shared/span.js';

/** A link has to be opened within this time, ms. */
export const LINK_LIFE: Ms = 2 * 60_000;
/** Of each kind; one more evicts the oldest. */
const MOST = 8;
const BYTES = 32;
/** 32 bytes as base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** A page that has presented a link's token. */
export interface Session {
  readonly digest: Buffer;
  /** Monotonic, ms. */
  lastUsed: Ms;
  /** What ends its streams. */
  readonly streams: Set<() => void>;
}

interface Link {
  readonly digest: Buffer;
  readonly until: Ms;
}

/**
 * The tokens of the web view: one-time tokens of links, and tokens of the sessions they were exchanged for. 256 random bits each; only their
 * SHA-256 is kept, in memory alone, so that they end with the daemon and nothing can be read from its files. Compared in constant time.
 */
export class Tokens {
  readonly #now: () => Ms;
  readonly #idle: Ms;
  #links: Link[] = [];
  #sessions: Session[] = [];

  /** `now`: monotonic. `idle`: ms after which an unused session ends. */
  constructor(now: () => Ms, idle: Ms) {
    this.#now = now;
    this.#idle = idle;
  }

  /** A token for one link. */
  link(): string {
    const token = newToken();
    this.#links = [...this.#links.slice(1 - MOST), { digest: digestOf(token), until: this.#now() + LINK_LIFE }];
    return token;
  }

  /** Whether `exchange` would accept it. */
  isLink(token: string): boolean {
    return this.#links.some(link => isToken(token, link.digest) && link.until > this.#now());
  }

  /** A session's token for a link's, which is spent with it; null: not one of ours, spent, or too old. */
  exchange(token: string): string | null {
    const found = this.#links.find(link => isToken(token, link.digest));
    if (!found) return null;
    this.#links = this.#links.filter(link => link !== found);
    if (found.until <= this.#now()) return null;
    this.sweep();
    const session = newToken();
    for (const old of this.#sessions.splice(0, this.#sessions.length + 1 - MOST)) endStreams(old);
    this.#sessions.push({ digest: digestOf(session), lastUsed: this.#now(), streams: new Set() });
    return session;
  }

  /** The session of this token, which counts as used now; null: there is none. */
  session(token: string): Session | null {
    this.sweep();
    const found = this.#sessions.find(session => isToken(token, session.digest));
    if (found) found.lastUsed = this.#now();
    return found ?? null;
  }

  /** Counts a stream as use of its session until what it returns is called. `end`: ends the stream. */
  hold(session: Session, end: () => void): () => void {
    session.streams.add(end);
    return () => {
      session.streams.delete(end);
      session.lastUsed = this.#now();
    };
  }

  /** Forgets what has expired; true: no link and no session is left. A session with a stream is in use. */
  sweep(): boolean {
    const now = this.#now();
    this.#links = this.#links.filter(link => link.until > now);
    this.#sessions = this.#sessions.filter(session => session.streams.size > 0 || session.lastUsed + this.#idle > now);
    return this.#links.length === 0 && this.#sessions.length === 0;
  }
}

function endStreams(session: Session): void {
  for (const end of session.streams) end();
}

function newToken(): string {
  return randomBytes(BYTES).toString('base64url');
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function isToken(token: string, digest: Buffer): boolean {
  return TOKEN.test(token) && timingSafeEqual(digestOf(token), digest);
}
