import { fileURLToPath } from 'node:url';
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { openPool, ping, whenReachable } from './database.js';
import { migrate } from './migrate.js';
import { cachedStore } from './records/cached-store.js';
import { sqlStore } from './records/sql-store.js';
import { redisCache } from './redis-cache.js';
import { httpAdvisor } from './summary/advisor.js';

const config = readConfig(process.env);
const pool = openPool(error => app.log.warn({ err: error }, 'an idle database connection broke'));
const cache = redisCache(config.redisUrl, config.cacheSeconds, error => app.log.warn({ err: error }, 'Redis is not available'));
const app = buildApp({
  records: cachedStore(sqlStore(pool), cache),
  advisor: httpAdvisor(config.llmUrl, config.llmPatience),
  checks: [
    { name: 'postgres', run: () => ping(pool) },
    { name: 'redis', run: () => cache.ping() },
  ],
  checkTimeout: 2_000,
  logLevel: config.logLevel,
});

const stopping = new AbortController();
let stopped = false;

/** Stops accepting, lets open requests finish, closes the stores; at most 8 s, before the engine would kill. */
async function stop(signal: string): Promise<void> {
  if (stopped) return;
  stopped = true;
  app.log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), 8_000).unref();
  stopping.abort();
  await app.close();
  await Promise.allSettled([pool.end(), cache.close()]);
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));

try {
  const folder = fileURLToPath(new URL('../migrations', import.meta.url));
  const applied = await whenReachable(
    pool,
    client => migrate(client, folder),
    error => app.log.warn({ reason: String(error) }, 'the database cannot be reached yet'),
    stopping.signal,
  );
  app.log.info({ applied }, 'database is up to date');
  await app.listen({ host: config.host, port: config.port });
} catch (error) {
  if (!stopped) {
    app.log.fatal({ err: error }, 'cannot start');
    process.exit(1);
  }
}
