import type { Effect, Input } from '../input.js';
import { ordered } from '../list.js';
import type { Dash } from '../state.js';
import { cleaned } from '../text/clean.js';
import { foldFrame } from './frames.js';
import { foldHistory, withWantedHistory } from './history.js';
import { onKey } from './keys.js';
import { foldLogs, foldLogsEnded, withWantedLogs } from './logs.js';
import { onMouse } from './mouse.js';
import { said } from './say.js';
import { settled } from './select.js';
import { foldPlanned, foldWorked } from './work.js';

export interface Next {
  readonly dash: Dash;
  readonly effects: readonly Effect[];
}

/** What happens to the dashboard. Everything in it that comes from outside has been cleaned here. */
export function update(before: Dash, input: Input): Next {
  const { dash, effects } = happened(before, input);
  const logs = withWantedLogs(settled(before, ordered(before, dash)));
  const history = withWantedHistory(logs.dash);
  const more = [...logs.effects, ...history.effects];
  return { dash: history.dash, effects: more.length === 0 ? effects : [...effects, ...more] };
}

function happened(dash: Dash, input: Input): Next {
  switch (input.kind) {
    case 'key':
      return onKey({ ...dash, keyAt: dash.now }, input.key);
    case 'resize':
      return only({ ...dash, size: input.size });
    case 'frame':
      return only(foldFrame(dash, cleaned(input.frame)));
    case 'tick':
      return only(ticked(dash, input.now));
    case 'lost':
      return only({
        ...dash,
        link: { kind: 'lost', since: dash.link.kind === 'lost' ? dash.link.since : dash.now, failure: cleaned(input.failure) },
      });
    case 'told':
      return only(said(dash, cleaned(input.text), input.isError));
    case 'mouse':
      return only(onMouse({ ...dash, keyAt: dash.now }, input));
    case 'planned':
      return foldPlanned(dash, cleaned(input));
    case 'worked':
      return only(foldWorked(dash, cleaned(input)));
    case 'history':
      return only(foldHistory(dash, input));
    case 'logs':
      return only(foldLogs(dash, input));
    case 'logsEnded':
      return only(foldLogsEnded(dash, input));
  }
}

function ticked(dash: Dash, now: number): Dash {
  const message = dash.message && dash.message.until > now ? dash.message : null;
  return { ...dash, now: Math.max(now, dash.now), message };
}

function only(dash: Dash): Next {
  return { dash, effects: [] };
}
