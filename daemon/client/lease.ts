import { randomUUID } from 'node:crypto';
import { FailureError } from '../core/failure.js';
import type { Client } from './client.js';

/** How long a lease lasts without a word from its holder, ms: what a holder that was killed leaves behind. */
const TTL = 30_000;
const RENEW_EVERY = 10_000;

export interface HeldLease {
  readonly id: string;
  /** Ends it; nothing renews it any more. A daemon that is gone has no lease to end. */
  release(): Promise<void>;
}

/** Wakes services and holds them awake, renewing the lease until it is released. A daemon that was restarted is asked for it anew. */
export async function holdLease(client: Client, project: string, services: readonly string[], note: string): Promise<HeldLease> {
  const id = randomUUID();
  const take = async (): Promise<void> => {
    for await (const line of client.act(project, 'lease', { id, services, ttl: TTL, note, wait: true })) {
      if (line.type === 'result' && !line.ok) throw new FailureError(line.error);
    }
  };
  await take();
  const renew = async (): Promise<void> => {
    try {
      await client.renew(id, TTL);
    } catch (error) {
      // What it could not be asked now is asked again in ten seconds.
      if (error instanceof FailureError && error.failure.code === 'not-found') await take().catch(() => undefined);
    }
  };
  const timer = setInterval(() => void renew(), RENEW_EVERY);
  return {
    id,
    release: async () => {
      clearInterval(timer);
      await client.release(id).catch(() => undefined);
    },
  };
}
