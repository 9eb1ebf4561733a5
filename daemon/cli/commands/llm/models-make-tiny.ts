import { answer, type Cli } from '../../cli.js';
import { askManage } from '../../llm/manage.js';
import { advisorOf } from '../../llm/service.js';
import { nameFor } from '../../llm/source.js';
import { MODEL_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { type Added, renderAdded } from '../../render/llm.js';
import type { Verb } from '../../verb.js';

export const modelsMakeTinyVerb = {
  name: 'make-tiny',
  summary: 'Make a toy model with random weights, to try everything without a download',
  args: '[name]',
  options: [...MODEL_OPTIONS, 'large', 'replace', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

async function run(cli: Cli, [given]: readonly string[]): Promise<number> {
  const { large = false, replace = false } = cli.options;
  const name = nameFor(given, large ? 'large' : 'tiny');
  const service = await advisorOf(cli);
  const command = ['make-tiny', name, ...(large ? ['large'] : []), ...(replace ? ['replace'] : [])];
  const data = await askManage<Added>(cli, service, command);
  answer(cli, { service: service.name, ...data }, () => renderAdded(data));
  return 0;
}
