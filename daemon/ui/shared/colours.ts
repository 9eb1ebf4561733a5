import pc from 'picocolors';
import { own } from './own.js';

export type Colours = ReturnType<typeof pc.createColors>;

/** Colours whose sequences are our own: they pass the gate, those of foreign text do not. */
export function coloursOf(enabled: boolean): Colours {
  const found = pc.createColors(enabled);
  if (!enabled) return found;
  const marked = Object.entries(found).map(([name, format]) => [name, typeof format === 'function' ? mark(format) : format]);
  return { ...found, ...Object.fromEntries(marked) };
}

function mark(format: (text: string) => string): (text: unknown) => string {
  const [open = '', close = ''] = format('|').split('|').map(own);
  // A style that ends inside this one would end this one too.
  return text => open + String(text).replaceAll(close, close + open) + close;
}
