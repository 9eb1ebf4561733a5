import type { CliVerb } from './verb.js';

const NAME = ['project', 'project-name', 'file', 'service'] as const;
const OUTPUT = ['json', 'quiet'] as const;

const models = () => import('./commands/llm-models.js');

/** `laptop-dev llm`. */
export const LLM: CliVerb = {
  name: 'llm',
  summary: 'Manage the models of the language model service, and reckon what they take',
  args: '',
  options: [],
  verbs: [
    {
      name: 'models',
      summary: 'List, add, remove and choose models',
      args: '',
      options: [],
      verbs: [
        {
          name: 'ls',
          summary: 'List the models, and what was added in part',
          args: '',
          options: [...NAME, ...OUTPUT],
          load: async () => ({ run: (await models()).ls }),
        },
        {
          name: 'add',
          summary: 'Copy a GGUF model into the volume, from a file or an http(s) address; goes on where it stopped',
          args: '<source>',
          options: [...NAME, 'name', 'sha256', 'replace', ...OUTPUT],
          load: () => import('./commands/llm-add.js'),
        },
        {
          name: 'rm',
          summary: 'Remove a model, or what was added of it',
          args: '<name>',
          options: [...NAME, ...OUTPUT],
          load: async () => ({ run: (await models()).rm }),
        },
        {
          name: 'use',
          summary: 'Choose the model that answers where a request names none',
          args: '<name>',
          options: [...NAME, ...OUTPUT],
          load: async () => ({ run: (await models()).use }),
        },
        {
          name: 'make-tiny',
          summary: 'Make a toy model with random weights, to try everything without a download',
          args: '[name]',
          options: [...NAME, 'large', 'replace', ...OUTPUT],
          load: async () => ({ run: (await models()).makeTiny }),
        },
      ],
    },
    {
      name: 'estimate',
      summary: 'Say how much memory a model, or a GGUF file here, takes with each context, and whether there is room now',
      args: '[model]',
      options: [...NAME, ...OUTPUT],
      load: () => import('./commands/llm-estimate.js'),
    },
  ],
};
