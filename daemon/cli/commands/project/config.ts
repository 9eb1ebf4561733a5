import type { Verb } from '../../verb.js';

export const configVerb = {
  name: 'config',
  summary: 'Check or show the configuration',
  args: '',
  options: [],
  verbs: {
    validate: async () => (await import('./config-validate.js')).configValidateVerb,
    show: async () => (await import('./config-show.js')).configShowVerb,
  },
} satisfies Verb;
