import type { FastifyInstance } from 'fastify';

export interface Check {
  readonly name: string;
  /** Resolves when the part answers. */
  run(): Promise<unknown>;
}
type Result = 'up' | string;

/**
 * `/health/live`: the process answers. `/health/ready`: the stores answer as well, each within `timeout` ms. `/health`: both.
 * Who asks for readiness wakes sleeping stores; a check that is repeated for ever should ask for liveness.
 */
export function healthRoutes(app: FastifyInstance, checks: readonly Check[], timeout: number): void {
  app.get('/health/live', { logLevel: 'warn' }, () => ({ live: true }));
  for (const path of ['/health', '/health/ready']) {
    app.get(path, { logLevel: 'warn' }, async (_request, reply) => {
      const results = await Promise.all(checks.map(async check => [check.name, await outcome(check, timeout)] as const));
      const ready = results.every(([, result]) => result === 'up');
      return reply.code(ready ? 200 : 503).send({ live: true, ready, checks: Object.fromEntries(results) });
    });
  }
}

async function outcome(check: Check, timeout: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Result>(resolve => {
    timer = setTimeout(() => resolve(`no answer within ${timeout} ms`), timeout);
  });
  const run = check.run().then(
    (): Result => 'up',
    (error: unknown): Result => (error instanceof Error && error.message) || String(error),
  );
  try {
    return await Promise.race([run, late]);
  } finally {
    clearTimeout(timer);
  }
}
