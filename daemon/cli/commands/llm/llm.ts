import type { Verb } from '../../verb.js';
import { estimateVerb } from './estimate.js';
import { modelsVerb } from './models.js';

export const llmVerb = {
  name: 'llm',
  summary: 'Manage the models of the language model service, and reckon what they take',
  args: '',
  options: [],
  verbs: [modelsVerb, estimateVerb],
} satisfies Verb;
