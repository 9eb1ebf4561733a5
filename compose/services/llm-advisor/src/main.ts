import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { cores } from './cores.js';
import { llamaEngine } from './engine/llama.js';
import { Host } from './host.js';
import { Peaks } from './peaks.js';
import { MemoryRoom } from './room.js';
import { PolledTier } from './tier.js';

const config = readConfig(process.env);
const version = `node-llama-cpp ${JSON.parse(readFileSync(new URL('../node_modules/node-llama-cpp/package.json', import.meta.url), 'utf8')).version}`;
const engine = llamaEngine(version, cores(availableParallelism()));
const peaks = new Peaks(config.state === '' ? '' : join(config.state, 'peaks.json'), version);
const tier = new PolledTier(config.maximum);
const room = new MemoryRoom({ engine, peaks, tier, context: config.context });
const log = {
  info: (fields: object, message: string): void => app.log.info(fields, message),
  warn: (fields: object, message: string): void => app.log.warn(fields, message),
};
const host = new Host({ engine, room, unloadAfter: config.unloadAfter, waiters: config.waiters, log });
const app = buildApp({
  host,
  room,
  tier,
  models: config.models,
  model: config.model,
  patience: config.patience,
  logLevel: config.logLevel,
});

let stopped = false;

/** Stops accepting, gives up a load under way, lets answers finish; at most 8 s, before the engine would kill. */
async function stop(signal: string): Promise<void> {
  if (stopped) return;
  stopped = true;
  app.log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), 8_000).unref();
  await app.close();
  await host.close();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));

await app.listen({ host: config.host, port: config.port });
