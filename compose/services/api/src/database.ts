import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/**
 * A small pool that lets go of idle connections after 10 s. Where the server sleeps, the first connection wakes it and waits
 * for it, hence the long connect timeout. `onError` hears of idle connections that broke; the pool replaces them when needed.
 */
export function openPool(onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ max: 8, idleTimeoutMillis: 10_000, connectionTimeoutMillis: 20_000, application_name: 'laptop-dev-api' });
  pool.on('error', onError);
  return pool;
}

/** One query on a connection of its own with a short timeout, for readiness; rejects when there is no answer. */
export async function ping(pool: pg.Pool): Promise<void> {
  await pool.query({ text: 'SELECT 1', query_timeout: 2_000 } as pg.QueryConfig);
}

/** Runs the task with a connection, trying again every `pause` ms while the server cannot be reached, until the signal ends it. */
export async function whenReachable<T>(
  pool: pg.Pool,
  task: (client: pg.PoolClient) => Promise<T>,
  onWait: (error: unknown) => void,
  signal: AbortSignal,
): Promise<T> {
  for (let pause = 200; ; pause = Math.min(pause * 2, 3_000)) {
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      onWait(error);
      await sleep(pause, undefined, { signal });
      continue;
    }
    try {
      return await task(client);
    } finally {
      client.release();
    }
  }
}
