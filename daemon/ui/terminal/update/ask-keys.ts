import type { Key } from '../input.js';
import type { Dash, Prompt } from '../state.js';
import type { Next } from './update.js';
import { carriedOut } from './work.js';

/** Only `y` says yes: what is asked was asked because it takes something away. */
export function onAskKey(dash: Dash, ask: Prompt, { name }: Key): Next {
  const closed: Next = { dash: { ...dash, ask: null }, effects: [] };
  const isNo = name === 'escape' || name === 'n' || name === 'N' || name === 'q';
  switch (ask.kind) {
    case 'planning':
      return isNo ? closed : { dash, effects: [] };
    case 'confirm':
      if (name === 'y' || name === 'Y') return carriedOut(dash, ask.work, ask.plan);
      return isNo ? closed : { dash, effects: [] };
    case 'refused':
      return isNo || name === 'enter' || name === ' ' ? closed : { dash, effects: [] };
  }
}
