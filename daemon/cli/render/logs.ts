import type { Colours } from '../cli.js';

const CYCLE = ['cyan', 'yellow', 'green', 'magenta', 'blue', 'cyanBright', 'yellowBright', 'greenBright'] as const;

/** `api      | ` for each name: as wide as the widest, each in a colour of its own while they last. */
export function prefixesOf(names: readonly string[], colours: Colours): Map<string, string> {
  const width = Math.max(0, ...names.map(name => name.length));
  const sorted = [...names].sort();
  return new Map(sorted.map((name, at) => [name, colours[CYCLE[at % CYCLE.length] ?? 'cyan'](`${name.padEnd(width)} | `)]));
}
