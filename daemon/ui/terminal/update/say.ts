import type { Ms } from '../../../shared/span.js';
import type { Dash } from '../state.js';

const INFO_FOR: Ms = 6_000;
const ERROR_FOR: Ms = 20_000;

/** With a line at the foot of the screen for a while. */
export function said(dash: Dash, text: string, isError: boolean): Dash {
  return { ...dash, message: { text, isError, until: dash.now + (isError ? ERROR_FOR : INFO_FOR) } };
}
