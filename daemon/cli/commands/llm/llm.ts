import type { Verb } from '../../verb.js';

export const llmVerb = {
  name: 'llm',
  summary: 'Manage the models of the language model service, and reckon what they take',
  args: '',
  options: [],
  verbs: {
    models: async () => (await import('./models.js')).modelsVerb,
    estimate: async () => (await import('./estimate.js')).estimateVerb,
  },
} satisfies Verb;
