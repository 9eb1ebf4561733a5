import { basename } from 'node:path';
import type { ServiceView } from '../../../api/views.js';
import { MiB } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { answer, type Cli } from '../../cli.js';
import { askManage, openManage } from '../../llm/manage.js';
import { advisorOf } from '../../llm/service.js';
import type { ModelSource } from '../../llm/source.js';
import { MODEL_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { type Estimated, fitOf, lackOf, type ModelRoom, renderEstimate } from '../../render/llm.js';
import type { Verb } from '../../verb.js';

export const estimateVerb = {
  name: 'estimate',
  summary: 'Estimate the memory of a model, or of a GGUF file here, for each context, and whether there is room now',
  args: '[model]',
  options: [...MODEL_OPTIONS, ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** No header is longer. */
const HEAD = 64 * MiB;

/** Says what a model takes: one that was added, or a file here, of which only the beginning is looked at. */
async function run(cli: Cli, [model = '']: readonly string[]): Promise<number> {
  if (/^https?:\/\//i.test(model))
    throw new FailureError(
      failure('usage', 'A model at a URL cannot be estimated before it is added; add refuses a model that can never fit.'),
    );
  const service = await advisorOf(cli);
  const isFile = model.includes('/') || /\.gguf$/i.test(model);
  const found = isFile ? await estimateFile(cli, service, model) : await askManage<Estimated>(cli, service, ['estimate', model]);
  const { budget, granted } = await cli.client.budget();
  const { standard, maximum, grant } = service.memory;
  const room: ModelRoom = { standard, maximum, free: Math.max(0, budget - granted) + grant };
  const needs = found.needs.map(need => ({ ...need, fits: fitOf(need.bytes, room) }));
  const lack = lackOf(found, room);
  answer(cli, { service: service.name, ...found, needs, ...room, lack }, () => renderEstimate(found, room, cli.out.columns()).join('\n'));
  return 0;
}

async function estimateFile(cli: Cli, service: ServiceView, path: string): Promise<Estimated> {
  const { openFile } = await import('../../llm/source-file.js');
  const source = await openFile(path, cli.cwd);
  try {
    const manage = await openManage(cli, service, ['estimate-head', basename(path), String(source.bytes)]);
    try {
      await Promise.race([manage.ready, manage.done]);
      await sendHead(manage, source, cli.cancelled);
      return (await manage.done) as Estimated;
    } finally {
      manage.close();
    }
  } finally {
    await source.close();
  }
}

/** Until the other side knows enough. */
async function sendHead(manage: Awaited<ReturnType<typeof openManage>>, source: ModelSource, signal: AbortSignal): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  manage.done.then(end, end);
  let sent = 0;
  for await (const chunk of source.read(0, signal)) {
    if (over || sent >= HEAD) break;
    sent += chunk.length;
    await manage.send(chunk);
  }
  if (!over) manage.end();
}
