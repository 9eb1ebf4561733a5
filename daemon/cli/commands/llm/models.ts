import type { Verb } from '../../verb.js';

export const modelsVerb = {
  name: 'models',
  summary: 'List, add, remove and choose models',
  args: '',
  options: [],
  verbs: {
    ls: async () => (await import('./models-ls.js')).modelsLsVerb,
    add: async () => (await import('./models-add.js')).modelsAddVerb,
    rm: async () => (await import('./models-rm.js')).modelsRmVerb,
    use: async () => (await import('./models-use.js')).modelsUseVerb,
    'make-tiny': async () => (await import('./models-make-tiny.js')).modelsMakeTinyVerb,
  },
} satisfies Verb;
