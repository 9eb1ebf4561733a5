import type { Ms } from '../shared/span.js';
import type { ListenerTraffic } from './traffic.js';

/** How often connections that nobody understands are asked whether they are quiet, while a service drains, ms. */
const STEP = 5;

/**
 * Ends the connections that reach the service now, each once nothing is under way on it. Resolves when none is left, or after `timeout`.
 */
export function drainConnections(traffic: ListenerTraffic, timeout: Ms): Promise<void> {
  const left = new Set([...traffic.connections].filter(connection => connection.reachesService()));
  const settle = (): boolean => {
    for (const connection of left) {
      if (connection.reachesService()) connection.release();
      if (!connection.reachesService()) left.delete(connection);
    }
    return left.size === 0;
  };
  if (settle()) return Promise.resolve();
  traffic.drains.add(left);
  return new Promise(resolve => {
    const finish = (): void => {
      clearInterval(poll);
      clearTimeout(limit);
      traffic.drains.delete(left);
      resolve();
    };
    const poll = setInterval(() => void (settle() && finish()), STEP);
    const limit = setTimeout(finish, timeout);
  });
}
