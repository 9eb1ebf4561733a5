import type { Verb } from '../../verb.js';
import { wslApplyVerb } from './apply.js';
import { wslPresetsVerb } from './presets.js';
import { wslReclaimVerb } from './reclaim.js';
import { wslShowVerb } from './show.js';
import { wslUndoVerb } from './undo.js';
import { wslVerifyVerb } from './verify.js';

export const wslVerb = {
  name: 'wsl',
  summary: 'Size the virtual machine of WSL2 by what a profile needs',
  args: '',
  options: [],
  verbs: [wslPresetsVerb, wslShowVerb, wslApplyVerb, wslUndoVerb, wslVerifyVerb, wslReclaimVerb],
} satisfies Verb;
