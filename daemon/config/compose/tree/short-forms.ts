/** The short form of a service's volume, `[SOURCE:]TARGET[:OPTIONS]`, split. */
export interface ShortMount {
  readonly source: string | null;
  readonly target: string;
  readonly options: readonly string[];
}

/** Returns null when the text has an empty part or too many. */
export function splitShortMount(text: string): ShortMount | null {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some(part => part === '')) return null;
  const [first = '', second, options] = parts;
  if (second === undefined) return { source: null, target: first, options: [] };
  return { source: first, target: second, options: options?.split(',') ?? [] };
}

/** A path in a container without `.`, `..` and doubled or trailing slashes. */
export function cleanTarget(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `${path.startsWith('/') ? '/' : ''}${parts.join('/')}` || (path.startsWith('/') ? '/' : '.');
}
