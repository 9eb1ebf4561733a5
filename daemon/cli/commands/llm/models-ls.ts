import { answer, type Cli } from '../../cli.js';
import { askManage } from '../../llm/manage.js';
import { advisorOf } from '../../llm/service.js';
import { MODEL_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { type ModelList, renderModels } from '../../render/llm.js';
import type { Verb } from '../../verb.js';

export const modelsLsVerb = {
  name: 'ls',
  summary: 'List the models, and what was added in part',
  args: '',
  options: [...MODEL_OPTIONS, ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

async function run(cli: Cli): Promise<number> {
  const service = await advisorOf(cli);
  const list = await askManage<ModelList>(cli, service, ['ls']);
  answer(cli, { service: service.name, ...list }, () => renderModels(list, cli.out.columns()).join('\n'));
  return 0;
}
