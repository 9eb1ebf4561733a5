import type { Protocol } from '../../model/spec.js';
import { HttpTracker } from './http.js';
import { PostgresTracker } from './postgres.js';
import { RedisTracker } from './redis.js';

/**
 * Looks at the bytes of one connection as they flow by and never changes or delays them. Whatever it cannot follow (TLS, an
 * upgrade, garbage) it gives up on: then only traffic counts. Chunks are valid only during the call.
 */
export interface ProtocolTracker {
  client(chunk: Buffer): void;
  server(chunk: Buffer): void;
  /** Something is under way that a stop would cut off. */
  readonly holding: boolean;
  /** It has given up, or never knew: `holding` says nothing. */
  readonly isBlind: boolean;
  /** Between two exchanges, with nothing that the server remembers: the next one may go to a new connection. */
  readonly canMove: boolean;
}

/** Bytes of a protocol that is not known: nothing is ever under way. */
const unknown: ProtocolTracker = { client: () => undefined, server: () => undefined, holding: false, isBlind: true, canMove: false };

export function createTracker(protocol: Protocol, holdBlocked: boolean): ProtocolTracker {
  switch (protocol) {
    case 'http':
      return new HttpTracker();
    case 'postgres':
      return new PostgresTracker();
    case 'redis':
      return new RedisTracker(holdBlocked);
    case 'tcp':
    case 'tls':
      return unknown;
  }
}
