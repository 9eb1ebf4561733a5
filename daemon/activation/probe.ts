import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Question, Target } from '../ports/doors.js';

/**
 * Between two tries, ms: a hundredth of the time that it has taken so far, so that nobody waits much longer than the service needs.
 * One that answers "not yet" is asked less often: an answer is work for it, and PostgreSQL forks for each. A try that hangs is
 * given up after PATIENCE.
 */
const SHARE = 0.01;
const LEAST_PAUSE = { absent: 2, unready: 5 };
const LONGEST_PAUSE = 250;
const PATIENCE = 2000;
/** A connection that is still open after this counts as accepted by the service: a proxy in front of nothing closes at once, ms. */
const MOMENT = 20;

/** StartupMessage, protocol 3.0, user and database postgres: length, version, pairs. */
const PG_STARTUP = withLength('\0\x03\0\0user\0postgres\0database\0postgres\0\0');

/** absent: nobody listens, or nothing was answered. */
type Answer = 'ready' | 'unready' | 'absent';

/** Asks again and again until it is ready. False: `signal` was aborted first. Asking the container's own address is best: docker-proxy accepts for nobody. */
export async function untilReady(question: Question, signal: AbortSignal): Promise<boolean> {
  const begin = performance.now();
  while (!signal.aborted) {
    const answer = await ask(question, signal);
    if (answer === 'ready') return true;
    const wait = Math.min(LONGEST_PAUSE, Math.max(LEAST_PAUSE[answer], (performance.now() - begin) * SHARE));
    await pause(wait, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** One try. */
function ask({ protocol, target, path = '/' }: Question, signal: AbortSignal): Promise<Answer> {
  switch (protocol) {
    case 'tcp':
      return staysOpen(target, signal);
    case 'http':
      return answers(target, httpRequest(path), signal, reply => /^HTTP\/1\.[01] [1-4]/.test(reply));
    case 'redis':
      // Anything but -LOADING: +PONG, or -NOAUTH and the like from one that works and wants a password.
      return answers(target, 'PING\r\n', signal, reply => /^[+-]/.test(reply) && !reply.startsWith('-LOADING'));
    case 'postgres':
      // Over TCP: the temporary server of an image's first start listens on its socket only. An error is an answer too, unless it
      // is "the database system is starting up".
      return answers(target, PG_STARTUP, signal, reply => /^[RE]/.test(reply) && !reply.includes('\0C57P03\0'));
  }
}

/** As bytes: most tries are refused, and an HTTP client costs several times the connection that it asks for. */
function httpRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
}

function staysOpen(target: Target, signal: AbortSignal): Promise<Answer> {
  return converse(target, signal, (socket, decide) => {
    socket.once('connect', () => {
      const timer = setTimeout(decide, MOMENT, 'ready');
      socket.once('close', () => clearTimeout(timer));
    });
    // A server that speaks first is there.
    socket.once('data', () => decide('ready'));
  });
}

/** Sends `words` and judges the first bytes of the answer; a status line that comes in two pieces is asked for again. */
function answers(target: Target, words: string, signal: AbortSignal, judge: (reply: string) => boolean): Promise<Answer> {
  return converse(target, signal, (socket, decide) => {
    socket.write(words, 'latin1');
    socket.once('data', reply => decide(judge(reply.toString('latin1')) ? 'ready' : 'unready'));
  });
}

function converse(
  target: Target,
  signal: AbortSignal,
  talk: (socket: ReturnType<typeof connect>, decide: (answer: Answer) => void) => void,
): Promise<Answer> {
  return new Promise(resolve => {
    const socket = connect({ ...target, noDelay: true, timeout: PATIENCE });
    const decide = (answer: Answer): void => {
      resolve(answer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
    };
    const stop = (): void => decide('absent');
    signal.addEventListener('abort', stop);
    for (const event of ['end', 'close', 'error', 'timeout'] as const) socket.once(event, stop);
    talk(socket, decide);
  });
}

function withLength(body: string): string {
  return `\0\0\0${String.fromCharCode(body.length + 4)}${body}`;
}
