import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, readConfig } from './config.js';
import { Deaths } from './deaths.js';
import type { Engine } from './engine/engine.js';
import { estimateHead } from './manage/estimate-head.js';
import { placesOf } from './manage/files.js';
import { Input } from './manage/input.js';
import type { Judge } from './manage/judge.js';
import { list } from './manage/list.js';
import { ManageError } from './manage/manage-error.js';
import { type Received, receive } from './manage/receive.js';
import { estimate, makeTiny, remove, use } from './manage/verbs.js';
import { ModelError } from './model-error.js';
import { findModel } from './models.js';
import { Peaks } from './peaks.js';

/**
 * node dist/manage.js VERB …: what `laptop-dev llm` does in the service's volumes. JSON lines on stdout; the last one is `{"kind":"done","data":…}`, or
 * `{"kind":"failed","problem":…,"message":…,"details":…}` with the exit code 1. docs/llm.md has the verbs.
 */
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  say({ kind: 'done', data: await run(process.argv.slice(2), readConfig(process.env)) });
} catch (error) {
  if (!(error instanceof ManageError || error instanceof ModelError)) throw error;
  say({ kind: 'failed', problem: error.problem, message: error.message, details: error.details });
  process.exitCode = 1;
}
// What is left of the input is nobody's.
process.stdin.destroy();

async function run([verb = '', name = '', ...rest]: readonly string[], config: Config): Promise<unknown> {
  const { models, model, context, maximum } = config;
  const version = `node-llama-cpp ${JSON.parse(readFileSync(new URL('../node_modules/node-llama-cpp/package.json', import.meta.url), 'utf8')).version}`;
  const engine = lateEngine(version);
  const by: Judge = { engine: () => engine, context, maximum };
  switch (verb) {
    case 'ls':
      return list(models, model);
    case 'receive': {
      const [size, of = '', replace = ''] = rest;
      const options = { places: placesOf(models, name), bytes: sizeIn(size), of, replace: replace === 'replace', by, input: stdin(), say };
      return addedOf(name, await receive(options));
    }
    case 'rm':
      return remove(models, name);
    case 'use':
      return use(models, name, model);
    case 'make-tiny':
      return addedOf(name, await makeTiny(models, name, { large: rest.includes('large'), replace: rest.includes('replace'), by }));
    case 'estimate': {
      const file = await findModel(models, name, model);
      const peaks = new Peaks(config.state === '' ? '' : join(config.state, 'peaks.json'), version);
      return estimate(file, { context, maximum, engine }, { peaks, deaths: new Deaths(config.state, version) });
    }
    case 'estimate-head':
      return estimateHead(models, { name, bytes: sizeIn(rest[0]) }, { context, maximum, engine }, { input: stdin(), say });
    default:
      throw new ManageError('usage', `There is no verb ${JSON.stringify(verb)}.`);
  }
}

/** `added`: false: the same was there already. */
function addedOf(name: string, received: Received | null): object {
  if (!received) return { name, added: false };
  const { header, need, sha256 } = received;
  return { name, added: true, sha256, bytes: header.fileBytes, architecture: header.architecture, quantisation: header.quantisation, need };
}

function stdin(): Input {
  return new Input(process.stdin);
}

function sizeIn(text = ''): number {
  const bytes = Number(text);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new ManageError('usage', `${JSON.stringify(text)} is no size in bytes.`);
}

/** The library (0.3 s, 60 MB) is loaded with the first estimate. */
function lateEngine(version: string): Engine {
  let library: Promise<Engine> | null = null;
  const loaded = (): Promise<Engine> => {
    library ??= import('./engine/llama.js').then(({ llamaEngine }) => llamaEngine(version, 1));
    return library;
  };
  return {
    version,
    prepare: () => void loaded().catch(() => undefined),
    estimate: async (file, context) => (await loaded()).estimate(file, context),
    load: async (file, options) => (await loaded()).load(file, options),
  };
}
