import type { Cursor } from '../tree/cursor.js';
import { cleanTarget, splitShortMount } from '../tree/short-forms.js';
import { positionOf } from '../tree/tree.js';
import type { Locate } from '../types.js';
import { envFileAt } from './environment.js';
import { secretTargetOf } from './secrets.js';

/** Finds locations in a merged model when they are asked for: most never are. */
export function locator(model: Cursor): Locate {
  return (section, name, key, entry) => {
    const owner = model
      .get(section)
      ?.entries()
      .find(([each]) => each === name)?.[1];
    if (owner === undefined) return null;
    const found = locationIn(owner, key, entry) ?? owner;
    return positionOf(found.keyLocation);
  };
}

function locationIn(owner: Cursor, key: string, entry: string | null): Cursor | null {
  // Files of secrets and configs are mounts like those of `volumes`.
  const keys = key === 'volumes' ? ['volumes', 'secrets', 'configs'] : [key];
  if (entry !== null) {
    for (const each of keys) {
      const found = owner.get(each);
      const location = found === null ? null : entryIn(found, each, entry);
      if (location !== null) return location;
    }
  }
  return owner.get(key);
}

/** The value below `at`, at any depth, that is `entry` or has it as its key. */
function entryIn(at: Cursor, key: string, entry: string): Cursor | null {
  if (at.text() === entry) return at;
  for (const [name, value] of at.entries()) {
    const found = name === entry ? value : entryIn(value, key, entry);
    if (found !== null) return found;
  }
  for (const item of at.isList ? at.items() : []) {
    const found = namesOf(item, key).includes(entry) ? item : entryIn(item, key, entry);
    if (found !== null) return found;
  }
  return null;
}

/** The names by which an item of a list may be addressed, in the long form of the value. */
function namesOf(item: Cursor, key: string): (string | null | undefined)[] {
  const text = item.text();
  if (key === 'volumes') {
    const target = item.isMap ? item.get('target')?.text() : splitShortMount(text ?? '')?.target;
    return [cleanTarget(target ?? '')];
  }
  if (key === 'secrets' || key === 'configs') return [secretTargetOf(item, key === 'secrets' ? 'secret' : 'config')];
  if (key === 'env_file') return [envFileAt(item)];
  if (key === 'devices') return [item.isMap ? item.get('source')?.text() : text?.split(':')[0]];
  return [text?.split('=')[0]];
}
