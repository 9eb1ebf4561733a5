import type { LogText } from './input.js';
import type { Logs } from './state.js';

/** A line with its number: counted from the first that came. */
export interface Numbered {
  readonly number: number;
  readonly line: LogText;
}

/** The lines that the filter lets through, oldest first. */
export function shownLines(logs: Logs | null, filter: string): readonly Numbered[] {
  if (!logs) return [];
  const { lines, first } = logs;
  const shown: Numbered[] = [];
  const matches = matcher(filter);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (line && (filter === '' || matches(`${line.service} ${line.text}`))) shown.push({ number: first + at, line });
  }
  return shown;
}

/** Upper and lower case are the same, unless a capital was typed. */
function matcher(wanted: string): (text: string) => boolean {
  const isExact = wanted !== wanted.toLowerCase();
  return text => (isExact ? text : text.toLowerCase()).includes(wanted);
}

export function matchesText(text: string, wanted: string): boolean {
  return wanted !== '' && matcher(wanted)(text);
}

/** Where it is in the text: begin and end of each place. */
export function matchesOf(text: string, wanted: string): readonly (readonly [number, number])[] {
  if (wanted === '') return [];
  const isExact = wanted !== wanted.toLowerCase();
  const lower = isExact ? text : text.toLowerCase();
  // Characters that change their length with their case would shift the places.
  if (lower.length !== text.length) return [];
  const places: [number, number][] = [];
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length)) places.push([at, at + wanted.length]);
  return places;
}
