import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { buildApp } from './app.js';
import { readConfig } from './config.js';
import { cores } from './cores.js';
import { Deaths } from './deaths.js';
import { llamaEngine } from './engine/llama.js';
import { Host } from './host.js';
import { Peaks } from './peaks.js';
import { MemoryRoom } from './room.js';
import { PolledTier } from './tier.js';
import { Spoken } from './word.js';

const config = readConfig(process.env);
const version = `node-llama-cpp ${JSON.parse(readFileSync(new URL('../node_modules/node-llama-cpp/package.json', import.meta.url), 'utf8')).version}`;
const engine = llamaEngine(version, cores(availableParallelism()));
const peaks = new Peaks(config.state === '' ? '' : join(config.state, 'peaks.json'), version);
const deaths = new Deaths(config.state, version);
const spoken = new Spoken();
const tier = new PolledTier(config.maximum, spoken);
const room = new MemoryRoom({ engine, peaks, deaths, tier, context: config.context });
const log = {
  info: (fields: object, message: string): void => app.log.info(fields, message),
  warn: (fields: object, message: string): void => app.log.warn(fields, message),
};
const host = new Host({ engine, room, unloadAfter: config.unloadAfter, waiters: config.waiters, say: said => spoken.say(said), log });
const app = buildApp({
  host,
  room,
  tier,
  spoken,
  models: config.models,
  model: config.model,
  patience: config.patience,
  logLevel: config.logLevel,
});

let stopped = false;

/** Gives up a load under way, stops accepting, lets answers finish; at most 8 s, before the engine would kill. */
async function stop(signal: string): Promise<void> {
  if (stopped) return;
  stopped = true;
  app.log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), 8_000).unref();
  // Whatever it ends in the middle of from here on, the model is not the cause.
  await deaths.ended();
  await Promise.all([host.close(), app.close()]);
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));

const died = await deaths.recover();
if (died) app.log.error({ model: died.name, context: died.context }, `the engine ended while it loaded or used ${died.name}.gguf`);
await app.listen({ host: config.host, port: config.port });
