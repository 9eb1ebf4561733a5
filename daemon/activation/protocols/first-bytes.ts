import type { Protocol } from '../../model/spec.js';
import { PG_CANCEL, PG_GSSENC, PG_SSL } from './postgres.js';
import { uint32 } from './postgres-frames.js';

const REQUEST = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI) [^ \r\n]/;
/** A record of TLS: handshake or alert, then the version's first byte. */
const TLS = { handshake: 0x16, alert: 0x15, version: 3 };
/** PostgreSQL's protocol 3: major in the upper half. */
const PG_MAJOR = 3;

/** What a client speaks by its first bytes; null: nobody here knows, or too few have come. */
export function spokenByClient(first: Buffer): Protocol | null {
  if (first[0] === TLS.handshake && first[1] === TLS.version) return 'tls';
  const text = first.toString('latin1', 0, 32);
  if (REQUEST.test(text)) return 'http';
  if (/^\*\d{1,7}\r\n\$/.test(text)) return 'redis';
  return isPostgresStartup(first) ? 'postgres' : null;
}

function isPostgresStartup(first: Buffer): boolean {
  if (first.length < 8) return false;
  const [length, code] = [uint32(first, 0), uint32(first, 4)];
  return length >= 8 && length <= 10_000 && (code >>> 16 === PG_MAJOR || code === PG_SSL || code === PG_GSSENC || code === PG_CANCEL);
}

/**
 * What a server speaks by its first bytes, after a client that spoke `asked` (null: it has said nothing, or what nobody here knows). Null:
 * it cannot be told. One that speaks before it is spoken to is left alone: tcp.
 */
export function spokenByServer(first: Buffer, asked: Protocol | null, clientSpoke: boolean): Protocol | null {
  if (!clientSpoke) return 'tcp';
  const text = first.toString('latin1', 0, 1024);
  if (/^HTTP\/1\.[01] \d{3}/.test(text)) return wantsTls(text) ? 'tls' : 'http';
  if ((first[0] === TLS.alert || first[0] === TLS.handshake) && first[1] === TLS.version) return 'tls';
  if (asked === 'postgres' && /^[RESNv]/.test(text)) return 'postgres';
  if (asked === 'redis' && /^[+\-:$*%~,_#(!=>|]/.test(text)) return 'redis';
  return null;
}

/**
 * A web server that speaks TLS says so to who does not: nginx "The plain HTTP request was sent to HTTPS port", Go "Client sent an HTTP
 * request to an HTTPS server", Apache "speaking plain HTTP to an SSL-enabled server port", Tomcat "requires TLS".
 */
export function wantsTls(reply: string): boolean {
  return /^HTTP\/1\.[01] (?:400|421|426|497)/.test(reply) && /HTTPS (?:port|server)|SSL-enabled|requires TLS/i.test(reply);
}
