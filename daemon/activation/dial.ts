import { connect, type Socket } from 'node:net';
import type { Target } from '../ports/listeners.js';

/** A container's address that has just gone away answers nothing: give up after this, ms. */
const TIMEOUT = 5000;

/** Connects, unread and with FIN kept apart in both directions. Null: refused, or no answer in time. */
export function dial(target: Target): Promise<Socket | null> {
  return new Promise(resolve => {
    const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
    socket.pause();
    const fail = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(null);
    };
    const timer = setTimeout(fail, TIMEOUT);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket); // `fail` stays: an error before a wire listens must find somebody
    });
  });
}
