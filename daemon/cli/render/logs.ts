import { logParts } from '../../shared/printable.js';
import { flat, own } from '../../ui/shared/own.js';
import type { Colours } from '../cli.js';

const CYCLE = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'cyanBright', 'yellowBright', 'greenBright'] as const;

/** `api      | ` for each name: as wide as the widest, each in a colour of its own while they last. */
export function prefixesOf(names: readonly string[], colours: Colours): Map<string, string> {
  const width = Math.max(0, ...names.map(name => name.length));
  const sorted = [...names].sort();
  return new Map(sorted.map((name, at) => [name, colours[CYCLE[at % CYCLE.length] ?? 'cyan'](`${flat(name).padEnd(width)} | `)]));
}

/** A line of a service for a terminal: its text and its colours, which end with it. */
export function terminalLine(text: string): string {
  const parts = logParts(text);
  const line = parts.map(part => part.text + (part.sgr === null ? '' : own(`\u001b[${part.sgr}m`))).join('');
  return parts.some(({ sgr }) => sgr !== null) ? line + own('\u001b[0m') : line;
}
