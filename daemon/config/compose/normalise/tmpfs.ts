import type { MountSpec } from '../../../model/spec.js';
import { parseBytes } from '../../../shared/bytes.js';
import { type Cursor, quote } from '../tree/cursor.js';
import { cleanTarget } from '../tree/short-forms.js';

/** An item of a service's `tmpfs`: `/run` or `/run:size=64m,mode=1777,noexec`. */
export function tmpfsMount(item: Cursor): MountSpec | null {
  const text = item.text();
  if (text === null) return null;
  const at = text.indexOf(':');
  const target = cleanTarget(at < 0 ? text : text.slice(0, at));
  const rest: string[] = [];
  let size: number | null = null;
  let mode: number | null = null;
  for (const option of at < 0 ? [] : text.slice(at + 1).split(',')) {
    const [key, value = ''] = option.split('=');
    if (key === 'size' && !value.endsWith('%')) {
      size = parseBytes(value);
      if (size === null) item.error(`${quote(value)} is not a size`, { expected: 'a size such as 64m' });
    } else if (key === 'mode') {
      mode = /^[0-7]{1,4}$/.test(value) ? Number.parseInt(value, 8) : null;
      if (mode === null) item.error(`${quote(value)} is not a mode`, { expected: 'an octal mode such as 1777' });
    } else if (option !== '') rest.push(option);
  }
  return { kind: 'tmpfs', target, size, mode, options: rest.length === 0 ? null : rest.join(',') };
}
