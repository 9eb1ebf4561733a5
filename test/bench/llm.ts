import type Dockerode from 'dockerode';
import { tarOf } from '../../daemon/engine/mapping/content.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { type Advised, advised, engine, peakOf } from '../e2e/support/advised.js';
import { ask, asleep, MODEL, ok } from './support/completion.js';
import { COLUMNS, quantile, summary, table, verdict } from './support/figures.js';
import { machineLine } from './support/machine.js';

const GOAL_COLD = 300;
const GOAL_WARM = 5;
/** Peak and estimate may be so far apart. */
const GOAL_PEAK = 0.15;
const CONTEXT = 4096;
const LIMIT = 1024 * MiB;

const PROFILE = `
name: bench
extends: base
services:
  llm-advisor: { start: on-demand, idle: 1h, memory: { standard: 1GB, maximum: 1GB } }
`;

/** node-llama-cpp by itself, as the service's engine has it set: says when the first token came, then how long further requests took. */
const DIRECT = `
import { getLlama, LlamaCompletion, LlamaLogLevel } from 'node-llama-cpp';
import { availableParallelism } from 'node:os';
import { cores } from '/app/dist/cores.js';
const threads = cores(availableParallelism());
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: LlamaLogLevel.error, maxThreads: threads });
const model = await llama.loadModel({ modelPath: '/models/${MODEL}.gguf', gpuLayers: 0, useMmap: false, ignoreMemorySafetyChecks: true });
const context = await model.createContext({ contextSize: ${CONTEXT}, sequences: 1, threads, ignoreMemorySafetyChecks: true, failedCreationRemedy: false });
const contextSequence = context.getSequence();
async function once() {
  const before = performance.now();
  const completion = new LlamaCompletion({ contextSequence, autoDisposeSequence: false });
  await completion.generateCompletionWithMeta('Hello', { maxTokens: 1, seed: 1 });
  completion.dispose({ disposeSequence: false });
  return performance.now() - before;
}
await once();
console.log('first');
const times = [];
for (let n = 0; n < Number(process.env.WARM); n++) times.push(await once());
console.log(JSON.stringify(times));
`;

interface Options {
  readonly samples?: string;
  readonly warm?: string;
}

/**
 * From the connection to a sleeping service to its first token, and the same by a container of the same image and limits that does nothing but load and
 * answer: each from its start by the engine, in turn. Then requests with the model loaded; then the highest that the container has used, beside the estimate.
 */
export async function run({ samples = '8', warm = '30' }: Options): Promise<void> {
  const stage = await advised(PROFILE, {});
  let twin: Dockerode.Container | null = null;
  try {
    await ok(stage, 'llm', 'models', 'make-tiny', MODEL, '--large');
    console.log(machineLine(await stage.own.client.version()));
    const estimate = await needOf(stage);
    await ask(stage, true);
    const peak = await peakOf(await stage.container('llm-advisor'));
    twin = await twinOf(stage, Number(warm));
    const [ours, direct]: [number[], number[]] = [[], []];
    let directWarm: number[] = [];
    for (let round = -1; round < Number(samples); round++) {
      await asleep(stage);
      const one = await ask(stage, true);
      await asleep(stage);
      const other = await start(twin);
      if (round < 0) continue;
      ours.push(one);
      direct.push(other.first);
      directWarm = [...directWarm, ...other.warm];
    }
    await ask(stage, true);
    const ourWarm: number[] = [];
    for (let n = 0; n < Number(warm); n++) ourWarm.push(await ask(stage, false));
    report({ ours, direct, ourWarm, directWarm, estimate, peak });
  } finally {
    await twin?.remove({ force: true });
    await stage.own.close();
  }
}

interface Figures {
  readonly ours: readonly number[];
  readonly direct: readonly number[];
  readonly ourWarm: readonly number[];
  readonly directWarm: readonly number[];
  readonly estimate: number;
  readonly peak: number;
}

function report({ ours, direct, ourWarm, directWarm, estimate, peak }: Figures): void {
  const overhead = ours.map((time, at) => time - (direct[at] ?? 0));
  const rows = [
    ['cold, ours', ...summary(ours)],
    ['cold, node-llama-cpp alone', ...summary(direct)],
    ['cold, overhead by pairs', ...summary(overhead)],
    ['warm, ours', ...summary(ourWarm)],
    ['warm, node-llama-cpp alone', ...summary(directWarm)],
  ];
  console.log(`\n${table(['first token, ms', ...COLUMNS], rows)}`);
  console.log(verdict('overhead of a cold first token, p50', quantile(overhead, 0.5), GOAL_COLD, 'ms'));
  console.log(verdict('overhead of a warm first token, p50', quantile(ourWarm, 0.5) - quantile(directWarm, 0.5), GOAL_WARM, 'ms', 2));
  const apart = Math.abs(peak / estimate - 1);
  console.log(`estimate ${Math.round(estimate / MiB)} MiB, peak of its process (VmHWM) ${Math.round(peak / MiB)} MiB`);
  console.log(verdict('peak against estimate, apart', 100 * apart, 100 * GOAL_PEAK, '%'));
}

/** What it is estimated to need with the context that is used, bytes. */
async function needOf(stage: Advised): Promise<number> {
  const { needs } = await stage.own.ask<{ needs: readonly { context: number; bytes: number }[] }>(['llm', 'estimate', MODEL], {
    cwd: stage.folder,
  });
  const need = needs.find(({ context }) => context === CONTEXT);
  if (!need) throw new Error(`no estimate for ${CONTEXT} tokens`);
  return need.bytes;
}

/** Not started. */
async function twinOf(stage: Advised, warm: number): Promise<Dockerode.Container> {
  const twin = await engine.createContainer({
    Image: 'laptop-dev/llm-advisor',
    Entrypoint: ['node', '--max-semi-space-size=2', 'direct.mjs'],
    Cmd: [],
    Env: [`WARM=${warm}`],
    HostConfig: { Binds: [`${stage.own.name}_llm-models:/models:ro`], Memory: LIMIT, MemorySwap: LIMIT, Init: true },
  });
  // A file, not `node -e`: the library forks this process with its arguments.
  await twin.putArchive(tarOf([{ name: 'direct.mjs', data: Buffer.from(DIRECT), mode: 0o644 }]), { path: '/app' });
  return twin;
}

async function start(twin: Dockerode.Container): Promise<{ readonly first: number; readonly warm: readonly number[] }> {
  const stream = await twin.attach({ stream: true, stdout: true, stderr: true, logs: false });
  const before = performance.now();
  let [first, text] = [0, ''];
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (first === 0 && text.includes('first')) first = performance.now() - before;
    });
    stream.once('end', resolve);
    stream.once('error', reject);
  });
  await twin.start();
  await ended;
  await twin.wait();
  const warm = /\[[\d., e-]+\]/.exec(text)?.[0];
  if (first === 0 || warm === undefined) throw new Error(`node-llama-cpp alone failed: ${text}`);
  return { first, warm: JSON.parse(warm) };
}
