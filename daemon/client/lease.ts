import { randomUUID } from 'node:crypto';
import { FailureError } from '../shared/failure.js';
import type { Client } from './client.js';

/** How long a lease lasts without a word from its holder, ms: what a holder that was killed leaves behind. */
const TTL = 30_000;
/** It is renewed when a third of its time is over, so that two words may be lost. */
const RENEWALS = 3;

export interface HeldLease {
  readonly id: string;
  /** Ends it; nothing renews it any more. A daemon that is gone has no lease to end. */
  release(): Promise<void>;
}

/**
 * Wakes services and holds them awake, renewing the lease until it is released. A daemon that was restarted is asked for it anew.
 * `ttl`: ms. Throws what the start failed with; nothing is held then.
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
      // What it could not be asked now is asked again in a while.
      if (isUp && error instanceof FailureError && error.failure.code === 'not-found') await take().catch(() => undefined);
    }
  };
  // From the beginning: a start may take longer than the lease.
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
