import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Protocol } from '../model/spec.js';
import type { ProbeOutcome, ProbeQuestion, Target } from '../ports/listeners.js';
import type { Ms } from '../shared/span.js';
import { greetTls } from './probe-tls.js';
import { spokenByServer, wantsTls } from './protocols/first-bytes.js';

/**
 * Between two tries, ms: a hundredth of the time that it has taken so far, so that nobody waits much longer than the service needs.
 * One that answers "not yet" is asked less often: an answer is work for it, and PostgreSQL forks for each. A try that hangs is
 * given up after PATIENCE.
 */
const SHARE = 0.01;
const LEAST_PAUSE = { absent: 2, unready: 5 };
const LONGEST_PAUSE = 250;
const PATIENCE: Ms = 2000;
/** A connection that is still open after this counts as accepted by the service: a proxy in front of nothing closes at once, ms. */
const MOMENT = { direct: 20, proxied: 200 };
/** So long an answer that only a guess calls wrong is taken for "not yet": a status of 500 and more for /, a connection that is closed at once. */
const GIVE_WAY: Ms = 3000;

/** StartupMessage, protocol 3.0, user and database postgres: length, version, pairs. */
const PG_STARTUP = withLength('\0\x03\0\0user\0postgres\0database\0postgres\0\0');

type Verdict = { readonly is: 'ready'; readonly protocol: Protocol | null } | Vain;
interface Vain {
  /** absent: nobody listens, or nothing was answered. */
  readonly is: 'unready' | 'absent';
  readonly why: string;
  readonly listens: boolean;
  readonly speaks?: Protocol;
  /** Ready as well if it stays so and the protocol is a guess. */
  readonly late?: boolean;
}

const UNASKED: ProbeOutcome = { ready: false, why: 'it was not asked', listens: false, speaks: null };

/** Asks again and again until it is ready. Asking the container's own address is best: docker-proxy accepts for nobody. */
export async function untilReady(
  question: ProbeQuestion,
  signal: AbortSignal,
  trying?: (last: ProbeOutcome) => void,
): Promise<ProbeOutcome> {
  const begin = performance.now();
  let lateSince: Ms | null = null;
  let last = UNASKED;
  while (!signal.aborted) {
    const verdict = await ask(question, signal);
    if (verdict.is === 'ready') return { ready: true, protocol: verdict.protocol };
    // What an aborted try says is worth less than what an earlier one has said.
    if (signal.aborted && last !== UNASKED) break;
    const now = performance.now();
    lateSince = verdict.late ? (lateSince ?? now) : null;
    if (question.guessed && lateSince !== null && now - lateSince >= GIVE_WAY) return { ready: true, protocol: verdict.speaks ?? null };
    last = { ready: false, why: verdict.why, listens: verdict.listens, speaks: verdict.speaks ?? null };
    trying?.(last);
    const wait = Math.min(LONGEST_PAUSE, Math.max(LEAST_PAUSE[verdict.is], (performance.now() - begin) * SHARE));
    await pause(wait, undefined, { signal }).catch(() => undefined);
  }
  return last;
}

/** One try. */
async function ask(question: ProbeQuestion, signal: AbortSignal): Promise<Verdict> {
  const { protocol, target, path } = question;
  switch (protocol) {
    case 'tcp':
      return accepted(await converse(target, null, question.proxied ? MOMENT.proxied : MOMENT.direct, signal), target);
    case 'http':
      return judged(question, await converse(target, httpRequest(path ?? '/'), PATIENCE, signal), signal);
    case 'tls':
      return askTls(question, signal);
    case 'redis':
      return judged(question, await converse(target, 'PING\r\n', PATIENCE, signal), signal);
    case 'postgres':
      // Over TCP: the temporary server of an image's first start listens on its socket only.
      return judged(question, await converse(target, PG_STARTUP, PATIENCE, signal), signal);
  }
}

/** As bytes: most tries are refused, and an HTTP client costs several times the connection that it asks for. */
export function httpRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
}

function accepted(talk: Talk, target: Target): Verdict {
  if (talk.kind === 'said') return { is: 'ready', protocol: 'tcp' };
  return talk.kind === 'silent' ? { is: 'ready', protocol: null } : missing(talk.kind, target);
}

function missing(kind: 'refused' | 'closed', { port }: Target): Vain {
  return kind === 'refused'
    ? { is: 'absent', why: `nothing listens on ${port}`, listens: false }
    : { is: 'absent', why: `connections to ${port} are closed at once`, listens: true };
}

async function judged(question: ProbeQuestion, talk: Talk, signal: AbortSignal): Promise<Verdict> {
  const { protocol, target, guessed = false, proxied = false } = question;
  if (talk.kind === 'refused') return missing('refused', target);
  if (talk.kind === 'silent') {
    // It accepts: what it is waiting for is its own affair, unless a person has said how it answers.
    const why = `${target.port} accepts connections and does not answer as ${protocol}`;
    return guessed && !proxied && question.path === undefined ? { is: 'ready', protocol: null } : { is: 'absent', why, listens: true };
  }
  if (talk.kind === 'closed') {
    const verdict = missing('closed', target);
    if (protocol !== 'http') return { ...verdict, late: !proxied };
    // A TLS server may close without a word what does not begin with a hello.
    const isTls = (await greetTls(target, null, PATIENCE, signal)).kind !== 'none';
    if (!isTls) return { ...verdict, late: !proxied };
    return guessed ? askTls({ ...question, protocol: 'tls' }, signal) : speaksTls(question);
  }
  const reply = talk.bytes.toString('latin1');
  const verdict = ownWords(question, reply);
  if (verdict !== null) return verdict;
  const heard = spokenByServer(talk.bytes, protocol, true);
  if (heard === 'tls') return guessed ? askTls({ ...question, protocol: 'tls' }, signal) : speaksTls(question);
  if (guessed) return { is: 'ready', protocol: heard ?? 'tcp' };
  return { is: 'unready', why: `${target.port} does not answer as ${protocol}`, listens: true, speaks: heard ?? 'tcp' };
}

/** What an answer in the protocol that was asked says; null: it is none. */
function ownWords({ protocol, path, target }: ProbeQuestion, reply: string): Verdict | null {
  switch (protocol) {
    case 'http':
    case 'tls': {
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(reply)?.[1] ?? 0);
      if (status === 0 || (protocol === 'http' && wantsTls(reply))) return null;
      if (status < 500) return { is: 'ready', protocol };
      const why = `GET ${path ?? '/'} at ${target.port} answers ${status}`;
      return { is: 'unready', why, listens: true, speaks: protocol, late: path === undefined };
    }
    case 'redis':
      // Anything but -LOADING: +PONG, or -NOAUTH and the like from one that works and wants a password.
      if (!/^[+-]/.test(reply)) return null;
      if (reply.startsWith('-LOADING')) return { is: 'unready', why: 'Redis is loading its data', listens: true, speaks: 'redis' };
      return { is: 'ready', protocol };
    case 'postgres':
      // An error is an answer too, unless it is "the database system is starting up".
      if (!/^[RE]\0\0/.test(reply)) return null;
      if (reply.includes('\0C57P03\0')) return { is: 'unready', why: 'PostgreSQL is starting up', listens: true, speaks: 'postgres' };
      return { is: 'ready', protocol };
    case 'tcp':
      return null;
  }
}

function speaksTls({ target, protocol }: ProbeQuestion): Verdict {
  return { is: 'unready', why: `${target.port} speaks TLS, not ${protocol}`, listens: true, speaks: 'tls' };
}

/** A handshake, with whatever certificate; then the path where one is asked for. */
async function askTls(question: ProbeQuestion, signal: AbortSignal): Promise<Verdict> {
  const { target, path, guessed = false } = question;
  const greeted = await greetTls(target, path === undefined ? null : httpRequest(path), PATIENCE, signal);
  if (greeted.kind === 'spoken' && path === undefined) return { is: 'ready', protocol: 'tls' };
  if (greeted.kind === 'answered') {
    return (
      ownWords({ ...question, protocol: 'tls' }, greeted.reply) ?? {
        is: 'unready',
        why: `${target.port} speaks TLS, but no HTTP in it`,
        listens: true,
        speaks: 'tls',
      }
    );
  }
  if (greeted.kind === 'spoken')
    return { is: 'absent', why: `GET ${path} at ${target.port} is not answered`, listens: true, speaks: 'tls' };
  if (!greeted.listens) return missing('refused', target);
  // It does not speak TLS: whoever only guessed so asks whether it accepts.
  if (guessed) return accepted(await converse(target, null, question.proxied ? MOMENT.proxied : MOMENT.direct, signal), target);
  return { is: 'unready', why: `${target.port} does not speak TLS`, listens: true, speaks: 'tcp' };
}

/** refused: no connection. closed: without a word. silent: still open when the time was over. */
type Talk =
  | { readonly kind: 'refused' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'said'; readonly bytes: Buffer };

/** Connects, says `words`, and waits for the first bytes of an answer; a status line that comes in two pieces is asked for again. */
function converse(target: Target, words: string | null, time: Ms, signal: AbortSignal): Promise<Talk> {
  if (signal.aborted) return Promise.resolve({ kind: 'refused' });
  return new Promise(resolve => {
    const socket: Socket = connect({ ...target, noDelay: true });
    let isOpen = false;
    let timer = setTimeout(() => decide({ kind: isOpen ? 'silent' : 'refused' }), words === null ? PATIENCE : time);
    const decide = (talk: Talk): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(talk);
    };
    const stop = (): void => decide({ kind: isOpen ? 'closed' : 'refused' });
    signal.addEventListener('abort', stop);
    socket.once('connect', () => {
      isOpen = true;
      if (words !== null) return void socket.write(words, 'latin1');
      clearTimeout(timer);
      timer = setTimeout(decide, time, { kind: 'silent' });
    });
    for (const event of ['end', 'close', 'error'] as const) socket.once(event, stop);
    socket.once('data', bytes => decide({ kind: 'said', bytes }));
  });
}

function withLength(body: string): string {
  return `\0\0\0${String.fromCharCode(body.length + 4)}${body}`;
}
