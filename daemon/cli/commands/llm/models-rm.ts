import { formatBytes } from '../../../shared/bytes.js';
import { answer, type Cli } from '../../cli.js';
import { askManage } from '../../llm/manage.js';
import { advisorOf } from '../../llm/service.js';
import { nameFor } from '../../llm/source.js';
import { MODEL_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const modelsRmVerb = {
  name: 'rm',
  summary: 'Remove a model, or what was added of it',
  args: '<name>',
  options: [...MODEL_OPTIONS, ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

async function run(cli: Cli, [name = '']: readonly string[]): Promise<number> {
  const service = await advisorOf(cli);
  const data = await askManage<{ name: string; bytes: number }>(cli, service, ['rm', nameFor(name, '')]);
  answer(cli, { service: service.name, ...data }, () => `${data.name} is removed: ${formatBytes(data.bytes)}.`);
  return 0;
}
