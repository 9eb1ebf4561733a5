import { homedir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import type { SourceLocation } from './tree/tree.js';

/** The absolute path that `text` means where it stands: relative to its file's folder, `~` for the home folder. */
export function pathAt(place: SourceLocation, text: string): string {
  const { directory, variables } = place.source;
  if (text === '~' || text.startsWith('~/')) return resolve(variables.get('HOME') ?? homedir(), text.slice(2));
  return isAbsolute(text) ? resolve(text) : resolve(directory, text);
}
