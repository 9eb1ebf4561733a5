import type { LiveService } from '../../../api/live.js';
import type { Ms } from '../../../shared/span.js';
import type { Style, StyledText } from '../cells.js';
import type { DashboardState } from '../state.js';
import { shownNow } from '../state.js';
import type { Glyphs } from '../text/glyphs.js';
import { span } from '../text/rows.js';

const STYLES: Readonly<Record<keyof Glyphs['state'], Style>> = {
  running: 'good',
  unhealthy: 'warn',
  starting: 'busy',
  stopping: 'busy',
  frozen: 'accent',
  asleep: 'dim',
  stopped: 'dim',
  failed: 'bad',
};

/** Its state with a sign and a word: `● running`; how far the load of a model is. */
export function stateSpan({ state, health, loading }: LiveService, glyphs: Glyphs): StyledText {
  if (loading !== null) return span(`${glyphs.state.starting} load ${Math.floor(loading.share * 100)} %`, STYLES.starting);
  const word = state === 'running' && health === 'unhealthy' ? 'unhealthy' : state;
  return span(`${glyphs.state[word]} ${word}`, STYLES[word]);
}

/** Until it stops by itself; null: it does not. */
export function stopsIn(service: LiveService, dash: DashboardState): Ms | null {
  if (service.stopsIn === null) return null;
  return Math.max(0, service.stopsIn - (shownNow(dash) - (dash.stopsAt.get(service.id) ?? shownNow(dash))));
}

/** `pinned`, or why it is kept, in a word. */
export function keptLabel({ pinned, protectedBy, memory }: LiveService): string {
  if (pinned) return 'pin';
  return protectedBy !== null && memory.grant > 0 ? 'held' : '';
}
