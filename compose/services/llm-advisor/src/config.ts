/** What the service reads from its environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Folder with *.gguf files, read only. */
  readonly models: string;
  /** The model that answers where a request names none, without .gguf; empty: the first by name. */
  readonly model: string;
  /** Folder for what is learnt about models (their measured peaks); empty: nothing is kept. */
  readonly state: string;
  /** The largest context, in tokens; stepped down where it does not fit. */
  readonly context: number;
  /** A model that nobody uses for so long is unloaded, ms. */
  readonly unloadAfter: number;
  /** Requests that may wait for the model at once; more are refused with 429. */
  readonly waiters: number;
  /** How long a request that is not streamed waits for a model to load, ms. */
  readonly patience: number;
  /** The most memory that this service can ever be given, bytes; 0: what it has. */
  readonly maximum: number;
  readonly logLevel: string;
}

/** Throws an Error that names the variable when a value cannot be used. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  return {
    host: env['HOST'] || '0.0.0.0',
    port: integer(env, 'PORT', 8090, 0, 65_535),
    models: env['MODELS_DIR'] || '/models',
    model: env['MODEL'] || '',
    state: env['STATE_DIR'] ?? '',
    context: integer(env, 'CONTEXT', 4096, 256, 131_072),
    unloadAfter: integer(env, 'UNLOAD_AFTER_MS', 300_000, 100, 86_400_000),
    waiters: integer(env, 'WAITERS', 8, 1, 1_000),
    patience: integer(env, 'PATIENCE_MS', 120_000, 100, 3_600_000),
    maximum: integer(env, 'MEMORY_MAXIMUM', 0, 0, 2 ** 50),
    logLevel: env['LOG_LEVEL'] || 'info',
  };
}

function integer(env: Readonly<Record<string, string | undefined>>, name: string, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
}
