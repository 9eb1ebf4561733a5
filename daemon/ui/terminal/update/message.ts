import type { Ms } from '../../../shared/span.js';
import type { DashboardState } from '../state.js';

const INFO_FOR: Ms = 6_000;
const ERROR_FOR: Ms = 20_000;

/** With a line at the foot of the screen for a while. */
export function withMessage(dash: DashboardState, text: string, isError: boolean): DashboardState {
  return { ...dash, message: { text, isError, until: dash.now + (isError ? ERROR_FOR : INFO_FOR) } };
}
