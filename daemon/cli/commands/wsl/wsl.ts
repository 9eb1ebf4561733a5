import type { Verb } from '../../verb.js';

export const wslVerb = {
  name: 'wsl',
  summary: 'Size the virtual machine of WSL2 by what a profile needs',
  args: '',
  options: [],
  verbs: {
    presets: async () => (await import('./presets.js')).wslPresetsVerb,
    show: async () => (await import('./show.js')).wslShowVerb,
    apply: async () => (await import('./apply.js')).wslApplyVerb,
    undo: async () => (await import('./undo.js')).wslUndoVerb,
    verify: async () => (await import('./verify.js')).wslVerifyVerb,
    reclaim: async () => (await import('./reclaim.js')).wslReclaimVerb,
  },
} satisfies Verb;
