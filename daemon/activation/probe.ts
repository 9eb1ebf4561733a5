import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Question, Target } from '../ports/doors.js';

/** Between two tries: the first pause and the longest, ms, each 1.3 × the one before. A try that hangs is given up after PATIENCE. */
const FIRST_PAUSE = 2;
const LONGEST_PAUSE = 250;
const GROWTH = 1.3;
const PATIENCE = 2000;
/** A connection that is still open after this counts as accepted by the service: a proxy in front of nothing closes at once, ms. */
const MOMENT = 20;

/** StartupMessage, protocol 3.0, user and database postgres: length, version, pairs. */
const PG_STARTUP = withLength('\0\x03\0\0user\0postgres\0database\0postgres\0\0');

/** Asks again and again until it is ready. False: `signal` was aborted first. Asking the container's own address is best: docker-proxy accepts for nobody. */
export async function untilReady(question: Question, signal: AbortSignal): Promise<boolean> {
  for (let wait = FIRST_PAUSE; !signal.aborted; wait = Math.min(wait * GROWTH, LONGEST_PAUSE)) {
    if (await isReady(question, signal)) return true;
    await pause(wait, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** One try. */
function isReady({ protocol, target, path = '/' }: Question, signal: AbortSignal): Promise<boolean> {
  switch (protocol) {
    case 'tcp':
      return staysOpen(target, signal);
    case 'http':
      return answersHttp(target, path, signal);
    case 'redis':
      // Anything but -LOADING: +PONG, or -NOAUTH and the like from one that works and wants a password.
      return answers(target, 'PING\r\n', signal, reply => /^[+-]/.test(reply) && !reply.startsWith('-LOADING'));
    case 'postgres':
      // Over TCP: the temporary server of an image's first start listens on its socket only. An error is an answer too, unless it
      // is "the database system is starting up".
      return answers(target, PG_STARTUP, signal, reply => /^[RE]/.test(reply) && !reply.includes('\0C57P03\0'));
  }
}

function answersHttp({ host, port }: Target, path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    const asking = request({ host, port, path, agent: false, timeout: PATIENCE, signal, headers: { host: 'localhost' } }, response => {
      resolve((response.statusCode ?? 500) < 500);
      asking.destroy();
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(false));
    asking.on('close', () => resolve(false));
    asking.end();
  });
}

function staysOpen(target: Target, signal: AbortSignal): Promise<boolean> {
  return converse(target, signal, (socket, decide) => {
    socket.once('connect', () => {
      const timer = setTimeout(decide, MOMENT, true);
      socket.once('close', () => clearTimeout(timer));
    });
    // A server that speaks first is there.
    socket.once('data', () => decide(true));
  });
}

/** Sends `words` and judges the first bytes of the answer. */
function answers(target: Target, words: string, signal: AbortSignal, judge: (reply: string) => boolean): Promise<boolean> {
  return converse(target, signal, (socket, decide) => {
    socket.write(words, 'latin1');
    socket.once('data', reply => decide(judge(reply.toString('latin1'))));
  });
}

function converse(
  target: Target,
  signal: AbortSignal,
  talk: (socket: ReturnType<typeof connect>, decide: (ready: boolean) => void) => void,
): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ ...target, noDelay: true, timeout: PATIENCE });
    const decide = (ready: boolean): void => {
      resolve(ready);
      signal.removeEventListener('abort', stop);
      socket.destroy();
    };
    const stop = (): void => decide(false);
    signal.addEventListener('abort', stop);
    for (const event of ['end', 'close', 'error', 'timeout'] as const) socket.once(event, stop);
    talk(socket, decide);
  });
}

function withLength(body: string): string {
  return `\0\0\0${String.fromCharCode(body.length + 4)}${body}`;
}
