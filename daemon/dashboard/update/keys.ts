import type { Key } from '../input.js';
import type { Dash } from '../state.js';
import { moved } from './select.js';
import type { Next } from './update.js';

/** What a key does. */
export function onKey(dash: Dash, key: Key): Next {
  switch (key.name) {
    case 'q':
    case 'ctrl-c':
      return { dash, effects: [{ kind: 'quit' }] };
    case 'ctrl-z':
      return { dash, effects: [{ kind: 'suspend' }] };
    case 'ctrl-l':
      return { dash, effects: [{ kind: 'repaint' }] };
    case 'up':
    case 'k':
      return { dash: moved(dash, -1), effects: [] };
    case 'down':
    case 'j':
      return { dash: moved(dash, 1), effects: [] };
    default:
      return { dash, effects: [] };
  }
}
