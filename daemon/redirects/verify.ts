import { connect } from 'node:net';
import type { Ms } from '../shared/span.js';

/** A connection inside this machine takes well under a millisecond; a SYN that was dropped is only sent again after 1 s (RFC 6298), ms. */
const PATIENCE = 900;

/**
 * Whether connections to this address are answered at all, be it by a refusal: rules of others (a firewall that drops what it does not know)
 * could swallow what ours redirect, and then nobody would get an answer.
 */
export function isRedirectAnswered(host: string, port: number, patience: Ms = PATIENCE): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    const settle = (answered: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(settle, patience, false);
    socket.once('connect', () => settle(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => settle(code === 'ECONNREFUSED' || code === 'ECONNRESET'));
  });
}
