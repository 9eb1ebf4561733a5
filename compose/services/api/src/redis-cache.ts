import { createClient } from '@redis/client';
import type { Cache } from './cache.js';

type Client = ReturnType<typeof connection>;

/** How long to do without Redis after it could not be reached, in ms. */
const PAUSE = 1_000;
const CONNECT_TIMEOUT = 2_000;

function connection(url: string) {
  // No reconnecting by itself: a service that sleeps when nobody uses it would be woken at once. The next use connects.
  return createClient({
    url,
    disableOfflineQueue: true,
    commandOptions: { timeout: 1_000 },
    socket: { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: false },
  });
}

/** Connects with the first use, and again with the next use after the connection has gone. */
export function redisCache(url: string, seconds: number, onError: (error: Error) => void): Cache {
  let opening: Promise<Client> | null = null;
  let pauseUntil = 0;

  const client = (): Promise<Client> => {
    opening ??= open(url, onError, () => {
      opening = null;
    });
    return opening;
  };

  const use = async <T>(task: (client: Client) => Promise<T>, otherwise: T): Promise<T> => {
    if (Date.now() < pauseUntil) return otherwise;
    try {
      return await task(await client());
    } catch (error) {
      pauseUntil = Date.now() + PAUSE;
      onError(error instanceof Error ? error : new Error(String(error)));
      return otherwise;
    }
  };

  return {
    get: key => use(async redis => await redis.get(key), null),
    put: (key, value) => use(async redis => void (await redis.set(key, value, { expiration: { type: 'EX', value: seconds } })), undefined),
    fill: (key, value) =>
      use(async redis => void (await redis.set(key, value, { condition: 'NX', expiration: { type: 'EX', value: seconds } })), undefined),
    async ping() {
      await (await client()).ping();
    },
    async close() {
      if (opening) (await opening.catch(() => null))?.destroy();
    },
  };
}

async function open(url: string, onError: (error: Error) => void, onGone: () => void): Promise<Client> {
  const client = connection(url);
  client.on('error', onError);
  client.on('error', onGone);
  client.on('end', onGone);
  try {
    await client.connect();
    return client;
  } catch (error) {
    onGone();
    throw error;
  }
}
