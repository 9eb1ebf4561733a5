/** How much slower than a laptop the host under test is (LAPTOP_DEV_TEST_SLOW): 10 under software emulation. */
const SLOW = Number(process.env['LAPTOP_DEV_TEST_SLOW'] ?? 1);

/** A limit in ms, as long as this host needs it. */
export function patience(ms: number): number {
  return ms * SLOW;
}

/** Between two questions, ms: soon at first, and more rarely when it takes long, since several tests wait beside each other. */
const SOON = 50;
const RARELY = 150;

/**
 * Asks again and again until the answer is neither false, null nor undefined, and resolves to it; for what no event tells. `limit` in
 * ms on a laptop. The error at its end says what was waited for and the last answer or error.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  limit = 30_000,
): Promise<Exclude<Awaited<T>, false | null | undefined>> {
  const began = performance.now();
  const deadline = began + patience(limit);
  for (;;) {
    const last = await attempt(ask);
    if (last.ok && last.value !== false && last.value !== null && last.value !== undefined) {
      return last.value as Exclude<Awaited<T>, false | null | undefined>;
    }
    if (performance.now() > deadline) {
      const words = last.ok ? `the last answer was ${String(last.value)}` : `the last error was ${last.error}`;
      throw new Error(`waited ${patience(limit) / 1000} s until ${what}; ${words}`);
    }
    const pause = Math.min(RARELY, SOON + (performance.now() - began) / 50);
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}

async function attempt<T>(ask: () => T | Promise<T>): Promise<{ ok: true; value: Awaited<T> } | { ok: false; error: string }> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
