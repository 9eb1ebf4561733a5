import type { Protocol } from '../model/spec.js';
import type { Failure } from '../shared/failure.js';
import { PG_CANCEL, PG_GSSENC, PG_SSL } from './protocols/postgres.js';
import { uint32 } from './protocols/postgres-frames.js';

/** What a refused client is sent, from the first byte on, given all that it has said so far. */
export interface Refusal {
  readonly bytes: Buffer;
  /** False: its answer to this is awaited first. True: then the connection is closed. */
  readonly isComplete: boolean;
}

/** Seconds after which a client may try again. */
const RETRY_AFTER = 5;
const NOTHING: Refusal = { bytes: Buffer.alloc(0), isComplete: true };

/** The failure in the words of the protocol; nothing where the client speaks another one than its listener says. */
export function refusalBytes(protocol: Protocol, why: Failure, said: Buffer): Refusal {
  switch (protocol) {
    case 'http':
      return isLetter(said[0]) ? { bytes: http(why), isComplete: true } : NOTHING;
    case 'redis':
      return {
        bytes: Buffer.from(`-ERR laptop-dev ${why.code}: ${oneLine(`${why.message}. ${why.remedies.join(' ')}`)}\r\n`),
        isComplete: true,
      };
    case 'postgres':
      return postgres(why, said);
    case 'tcp':
    case 'tls':
      return NOTHING;
  }
}

function http(why: Failure): Buffer {
  const { code, message, details, remedies } = why;
  const body = `${JSON.stringify({ ok: false, error: { code, message, type: 'unavailable', param: null, details, remedies } })}\n`;
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Retry-After: ${RETRY_AFTER}`,
    'Cache-Control: no-store',
    'Connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** N to each wish to encrypt, then the error in answer to the startup message. */
function postgres(why: Failure, said: Buffer): Refusal {
  const answers: Buffer[] = [];
  let at = 0;
  while (said.length - at >= 8) {
    const [length, code] = [uint32(said, at), uint32(said, at + 4)];
    if (length < 8 || code === PG_CANCEL) return NOTHING;
    if (code !== PG_SSL && code !== PG_GSSENC) {
      return { bytes: Buffer.concat([...answers, postgresError(why)]), isComplete: true };
    }
    answers.push(Buffer.from('N'));
    at += length;
  }
  return { bytes: Buffer.concat(answers), isComplete: false };
}

/** ErrorResponse with 53300 (no room) or 57P03 (cannot connect now), the two that clients try again after. */
function postgresError({ code, message, details, remedies }: Failure): Buffer {
  const state = code === 'over-budget' || code === 'too-busy' ? '53300' : '57P03';
  const fields = [
    'SFATAL',
    'VFATAL',
    `C${state}`,
    `Mlaptop-dev ${code}: ${message}`,
    `D${JSON.stringify(details)}`,
    `H${remedies.join(' ')}`,
  ].map(field => `${field.replaceAll('\0', '')}\0`);
  const body = Buffer.from(`${fields.join('')}\0`);
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 65 && byte <= 90;
}
