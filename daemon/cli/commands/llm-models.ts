import { formatBytes } from '../../shared/bytes.js';
import { answer, type Cli } from '../cli.js';
import { askManage } from '../llm/manage.js';
import { advisorOf } from '../llm/service.js';
import { nameFor } from '../llm/source.js';
import { type Added, type ModelList, renderAdded, renderModels } from '../render/llm.js';

/** Lists the models of the service. */
export async function ls(cli: Cli): Promise<number> {
  const service = await advisorOf(cli);
  const list = await askManage<ModelList>(cli, service, ['ls']);
  answer(cli, { service: service.name, ...list }, () => renderModels(list, cli.out.columns()).join('\n'));
  return 0;
}

export async function rm(cli: Cli, [name = '']: readonly string[]): Promise<number> {
  const service = await advisorOf(cli);
  const data = await askManage<{ name: string; bytes: number }>(cli, service, ['rm', nameFor(name, '')]);
  answer(cli, { service: service.name, ...data }, () => `${data.name} is removed: ${formatBytes(data.bytes)}.`);
  return 0;
}

export async function use(cli: Cli, [name = '']: readonly string[]): Promise<number> {
  const service = await advisorOf(cli);
  const data = await askManage<{ name: string; configured: string | null }>(cli, service, ['use', nameFor(name, '')]);
  answer(cli, { service: service.name, ...data }, () => {
    const over = data.configured === null ? '' : ` The variable MODEL of ${service.name} names ${data.configured}, which wins.`;
    return `${data.name} answers where a request names no model.${over}`;
  });
  return 0;
}

export async function makeTiny(cli: Cli, [given]: readonly string[]): Promise<number> {
  const { large = false, replace = false } = cli.options;
  const name = nameFor(given, large ? 'large' : 'tiny');
  const service = await advisorOf(cli);
  const words = ['make-tiny', name, ...(large ? ['large'] : []), ...(replace ? ['replace'] : [])];
  const data = await askManage<Added>(cli, service, words);
  answer(cli, { service: service.name, ...data }, () => renderAdded(data));
  return 0;
}
