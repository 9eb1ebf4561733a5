import { formatBytes } from '../../../shared/bytes.js';
import { answer, type Cli } from '../../cli.js';
import { askManage } from '../../llm/manage.js';
import { advisorOf } from '../../llm/service.js';
import { nameFor } from '../../llm/source.js';
import { MODEL_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { type Added, type ModelList, renderAdded, renderModels } from '../../render/llm.js';
import type { Verb } from '../../verb.js';

export const llmVerb = {
  name: 'llm',
  summary: 'Manage the models of the language model service, and estimate their memory',
  args: '',
  options: [],
  verbs: {
    models: async () => modelsVerb,
    estimate: async () => (await import('./estimate.js')).estimateVerb,
  },
} satisfies Verb;

export const modelsVerb = {
  name: 'models',
  summary: 'List, add, remove and choose models',
  args: '',
  options: [],
  verbs: {
    ls: async () => modelsLsVerb,
    add: async () => (await import('./models-add.js')).modelsAddVerb,
    rm: async () => modelsRmVerb,
    use: async () => modelsUseVerb,
    'make-tiny': async () => modelsMakeTinyVerb,
  },
} satisfies Verb;

export const modelsLsVerb = {
  name: 'ls',
  summary: 'List the models, incomplete ones too',
  args: '',
  options: [...MODEL_OPTIONS, ...OUTPUT_OPTIONS],
  run: list,
} satisfies Verb;

async function list(cli: Cli): Promise<number> {
  const service = await advisorOf(cli);
  const list = await askManage<ModelList>(cli, service, ['ls']);
  answer(cli, { service: service.name, ...list }, () => renderModels(list, cli.out.columns()).join('\n'));
  return 0;
}

export const modelsUseVerb = {
  name: 'use',
  summary: 'Choose the model for requests that name none',
  args: '<name>',
  options: [...MODEL_OPTIONS, ...OUTPUT_OPTIONS],
  run: use,
} satisfies Verb;

async function use(cli: Cli, [name = '']: readonly string[]): Promise<number> {
  const service = await advisorOf(cli);
  const data = await askManage<{ name: string; configured: string | null }>(cli, service, ['use', nameFor(name, '')]);
  answer(cli, { service: service.name, ...data }, () => {
    const over = data.configured === null ? '' : ` The variable MODEL of ${service.name} names ${data.configured}, which has precedence.`;
    return `${data.name} answers requests that name no model.${over}`;
  });
  return 0;
}

export const modelsRmVerb = {
  name: 'rm',
  summary: 'Remove a model, complete or not',
  args: '<name>',
  options: [...MODEL_OPTIONS, ...OUTPUT_OPTIONS],
  run: remove,
} satisfies Verb;

async function remove(cli: Cli, [name = '']: readonly string[]): Promise<number> {
  const service = await advisorOf(cli);
  const data = await askManage<{ name: string; bytes: number }>(cli, service, ['rm', nameFor(name, '')]);
  answer(cli, { service: service.name, ...data }, () => `${data.name} is removed; ${formatBytes(data.bytes)} are free again.`);
  return 0;
}

export const modelsMakeTinyVerb = {
  name: 'make-tiny',
  summary: 'Make a toy model with random weights, to try everything without a download',
  args: '[name]',
  options: [...MODEL_OPTIONS, 'large', 'replace', ...OUTPUT_OPTIONS],
  run: makeTiny,
} satisfies Verb;

async function makeTiny(cli: Cli, [given]: readonly string[]): Promise<number> {
  const { large = false, replace = false } = cli.options;
  const name = nameFor(given, large ? 'large' : 'tiny');
  const service = await advisorOf(cli);
  const command = ['make-tiny', name, ...(large ? ['large'] : []), ...(replace ? ['replace'] : [])];
  const data = await askManage<Added>(cli, service, command);
  answer(cli, { service: service.name, ...data }, () => renderAdded(data));
  return 0;
}
