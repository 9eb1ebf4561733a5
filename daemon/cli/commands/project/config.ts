import type { Verb } from '../../verb.js';
import { configShowVerb } from './config-show.js';
import { configValidateVerb } from './config-validate.js';

export const configVerb = {
  name: 'config',
  summary: 'Check or show the configuration',
  args: '',
  options: [],
  verbs: [configValidateVerb, configShowVerb],
} satisfies Verb;
