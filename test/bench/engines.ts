import { Readable } from 'node:stream';
import { tarOf } from '../../daemon/engine/mapping/content.js';
import { formatBytes, MiB } from '../../daemon/shared/bytes.js';
import { type Advised, advised, engine, peakOf } from '../e2e/support/advised.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage } from '../on-engine/support/tiny-image.js';
import { ask, asleep, MODEL, ok } from './support/completion.js';
import { COLUMNS, summary, table } from './support/figures.js';
import { machineLine } from './support/machine.js';

/** Not the image of llama.cpp's project: the same program from the packages of Debian's next release, for machines that reach no registry. */
const IMAGE = 'laptop-dev-bench/llama-server';
const DOCKERFILE = `FROM laptop-dev/base:trixie
RUN sed -n 's/^deb \\(.*\\) trixie main$/deb [check-valid-until=no] \\1 forky main/p' /etc/apt/sources.list > /etc/apt/sources.list.d/forky.list \\
 && apt-get update -q && apt-get install -qy --no-install-recommends llama.cpp-tools curl && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["llama-server"]
`;

const profile = (base: string) => `
name: bench
extends: ${base}
services:
  llm-advisor: { start: on-demand, idle: 1h, memory: { standard: 1GB, maximum: 1GB } }
`;

interface Options {
  readonly samples?: string;
  readonly warm?: string;
}

interface Seen {
  readonly cold: readonly number[];
  readonly warm: readonly number[];
  readonly peak: number;
}

/**
 * The same service with our own engine and with llama.cpp's server: from the connection to the sleeping service to its first token, a first token with
 * the model loaded, and the highest resident size of the process that has the model.
 */
export async function run({ samples = '8', warm = '20' }: Options): Promise<void> {
  const stage = await advised(profile('llm'), { LLAMA_SERVER_IMAGE: IMAGE });
  try {
    await makeImage();
    await ok(stage, 'llm', 'models', 'make-tiny', MODEL, '--large');
    console.log(machineLine(await stage.own.client.version()));
    const ours = await measure(stage, Number(samples), Number(warm));
    await stage.become(profile('llm-llama-server'));
    const server = await measure(stage, Number(samples), Number(warm));
    report({ ours, 'llama-server': server });
  } finally {
    await stage.own.close();
    await removeImage(ENGINE, IMAGE);
  }
}

async function measure(stage: Advised, samples: number, warm: number): Promise<Seen> {
  const [cold, hot]: [number[], number[]] = [[], []];
  for (let round = -1; round < samples; round++) {
    await asleep(stage);
    const time = await ask(stage, true);
    if (round >= 0) cold.push(time);
  }
  for (let n = 0; n < warm; n++) hot.push(await ask(stage, false));
  return { cold, warm: hot, peak: await peakOf(await stage.container('llm-advisor')) };
}

function report(seen: Readonly<Record<string, Seen>>): void {
  const rows = Object.entries(seen).flatMap(([who, { cold, warm }]) => [
    [`cold, ${who}`, ...summary(cold)],
    [`warm, ${who}`, ...summary(warm)],
  ]);
  console.log(`\n${table(['first token, ms', ...COLUMNS], rows)}`);
  for (const [who, { peak }] of Object.entries(seen))
    console.log(`${who}: peak of its process (VmHWM) ${formatBytes(peak)}, limit ${formatBytes(1024 * MiB)}`);
}

async function makeImage(): Promise<void> {
  const context = tarOf([{ name: 'Dockerfile', data: Buffer.from(DOCKERFILE), mode: 0o644 }]);
  const stream = await engine.buildImage(Readable.from([context]), { t: IMAGE });
  await new Promise<void>((resolve, reject) => {
    engine.modem.followProgress(stream, (error, lines: { error?: string }[]) => {
      const said = lines?.find(line => line.error)?.error;
      if (error || said) reject(error ?? new Error(said));
      else resolve();
    });
  });
}
