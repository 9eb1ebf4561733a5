import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Protocol } from '../../../daemon/model/spec.js';
import type { Target } from '../../../daemon/ports/listeners.js';

/** What a client says first, and whether the answer is one of a service that works. */
export interface Talk {
  readonly words: Buffer;
  readonly isAnswer: (reply: string) => boolean;
}

const STARTUP = Buffer.from('\0\x03\0\0user\0postgres\0database\0postgres\0\0', 'latin1');

/** `path`: what is asked for over HTTP. */
export function talk(protocol: Exclude<Protocol, 'tcp' | 'tls'>, path = '/'): Talk {
  switch (protocol) {
    case 'http':
      return { words: Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`), isAnswer: isBelow500 };
    case 'redis':
      return { words: Buffer.from('PING\r\n'), isAnswer: reply => reply.startsWith('+PONG') };
    case 'postgres':
      return { words: Buffer.concat([Buffer.from([0, 0, 0, STARTUP.length + 4]), STARTUP]), isAnswer: reply => reply.startsWith('R') };
  }
}

function isBelow500(reply: string): boolean {
  return /^HTTP\/1\.[01] [1-4]/.test(reply);
}

/** One try: ms from connect to the first byte. Null: refused, closed, or an answer that says "not yet". */
export function firstByte(at: Target, { words, isAnswer }: Talk): Promise<number | null> {
  return new Promise(resolve => {
    const begin = performance.now();
    const socket = connect({ ...at, noDelay: true });
    socket.write(words);
    socket.once('data', reply => {
      const ms = performance.now() - begin;
      resolve(isAnswer(reply.toString('latin1')) ? ms : null);
      socket.destroy();
    });
    socket.on('error', () => resolve(null));
    socket.once('close', () => resolve(null));
  });
}

/** Tries without end, 1 ms apart, until the first byte of a real answer; what any client that knows the address could do. */
export async function untilFirstByte(at: Target, what: Talk): Promise<void> {
  const deadline = performance.now() + 60_000;
  while ((await firstByte(at, what)) === null) {
    if (performance.now() > deadline) throw new Error(`${at.host}:${at.port} does not answer`);
    await pause(1);
  }
}
