import { answer, type Cli } from '../../cli.js';
import { askManage } from '../../llm/manage.js';
import { advisorOf } from '../../llm/service.js';
import { nameFor } from '../../llm/source.js';
import { MODEL_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const modelsUseVerb = {
  name: 'use',
  summary: 'Choose the model that answers where a request names none',
  args: '<name>',
  options: [...MODEL_OPTIONS, ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

async function run(cli: Cli, [name = '']: readonly string[]): Promise<number> {
  const service = await advisorOf(cli);
  const data = await askManage<{ name: string; configured: string | null }>(cli, service, ['use', nameFor(name, '')]);
  answer(cli, { service: service.name, ...data }, () => {
    const over = data.configured === null ? '' : ` The variable MODEL of ${service.name} names ${data.configured}, which wins.`;
    return `${data.name} answers where a request names no model.${over}`;
  });
  return 0;
}
