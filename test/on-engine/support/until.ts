import { setTimeout as pause } from 'node:timers/promises';

/** Asks again every 100 ms until the answer is not null; for what a foreign process gives no event of. Throws after `limit` ms. */
export async function until<T>(what: string, limit: number, ask: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${limit} ms`);
    await pause(100);
  }
}
