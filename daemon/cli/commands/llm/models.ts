import type { Verb } from '../../verb.js';
import { modelsAddVerb } from './models-add.js';
import { modelsLsVerb } from './models-ls.js';
import { modelsMakeTinyVerb } from './models-make-tiny.js';
import { modelsRmVerb } from './models-rm.js';
import { modelsUseVerb } from './models-use.js';

export const modelsVerb = {
  name: 'models',
  summary: 'List, add, remove and choose models',
  args: '',
  options: [],
  verbs: [modelsLsVerb, modelsAddVerb, modelsRmVerb, modelsUseVerb, modelsMakeTinyVerb],
} satisfies Verb;
