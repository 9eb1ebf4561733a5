/** What the service reads from its environment; PostgreSQL's PGHOST, PGUSER, PGPASSWORD … are read by the driver itself. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly redisUrl: string;
  /** How long one record may be served from the cache, in seconds. */
  readonly cacheSeconds: number;
  /** The LLM Advisor, or anything else with OpenAI's API. */
  readonly llmUrl: string;
  /** How long one summary may take, ms: a container that starts, a model that is loaded, an answer on a CPU. */
  readonly llmPatience: number;
  readonly logLevel: string;
}

/** Throws an Error that names the variable when a value cannot be used. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  return {
    host: env['HOST'] || '0.0.0.0',
    port: integer(env, 'PORT', 8080, 0, 65_535),
    redisUrl: env['REDIS_URL'] || 'redis://127.0.0.1:6379',
    cacheSeconds: integer(env, 'CACHE_SECONDS', 60, 1, 86_400),
    llmUrl: (env['LLM_URL'] || 'http://llm-advisor:8090').replace(/\/+$/, ''),
    llmPatience: integer(env, 'LLM_PATIENCE_MS', 300_000, 100, 3_600_000),
    logLevel: env['LOG_LEVEL'] || 'info',
  };
}

function integer(env: Readonly<Record<string, string | undefined>>, name: string, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return value;
}
