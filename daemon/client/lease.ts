import { randomUUID } from 'node:crypto';
import { FailureError } from '../shared/failure.js';
import type { Client } from './client.js';

/** ms until a lease ends unless its holder renews it: the longest that a killed holder keeps services awake. */
const TTL = 30_000;
/** Renewals per TTL: two of them may be lost. */
const RENEWALS = 3;

export interface HeldLease {
  readonly id: string;
  /** Ends the lease and its renewals. A daemon that is gone holds no lease. */
  release(): Promise<void>;
}

/**
 * Wakes services and keeps them awake, renewing the lease until it is released. After a restart of the daemon the lease is taken again.
 * `ttl`: ms. Throws the failure of the start; nothing is held then.
 */
export async function holdLease(client: Client, project: string, services: readonly string[], note: string, ttl = TTL): Promise<HeldLease> {
  const id = randomUUID();
  const take = async (): Promise<void> => {
    for await (const line of client.act(project, 'lease', { id, services, ttl, note, wait: true })) {
      if (line.type === 'result' && !line.ok) throw new FailureError(line.error);
    }
  };
  let isUp = false;
  const renew = async (): Promise<void> => {
    try {
      await client.renew(id, ttl);
    } catch (error) {
      // A renewal that fails is repeated at the next one.
      if (isUp && error instanceof FailureError && error.failure.code === 'not-found') await take().catch(() => undefined);
    }
  };
  // From the beginning, since a start may take longer than the lease.
  const timer = setInterval(() => void renew(), ttl / RENEWALS);
  const release = async (): Promise<void> => {
    clearInterval(timer);
    await client.release(id).catch(() => undefined);
  };
  try {
    await take();
    isUp = true;
  } catch (error) {
    await release();
    throw error;
  }
  return { id, release };
}
