import { lstatSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { notWritten } from '../files/fault.js';
import { readKept } from '../files/read-kept.js';
import { createWriteBehind } from '../files/write-behind.js';
import { type Calls, sweep } from '../files/write-whole.js';
import type { Store } from '../ports/ports.js';
import type { Intent } from '../scheduler/state/intent.js';
import { type Failure, FailureError } from '../shared/failure.js';

const NOTHING: Intent = { version: 1, projects: [], trusted: [] };

/** 1,000 projects of 20 services make some 20 MB. A larger file is something else. */
const LARGEST = 64 * 1024 * 1024;

const STAYS =
  'The last one stays; what was asked for since is kept in memory and tried again, and a restart of the daemon before that forgets it.';

export interface StateFileOptions {
  readonly calls?: Calls;
  readonly now?: () => Date;
}

/**
 * Keeps the intent in one JSON file, 0600: definitions hold environment values. Written whole, and on the disk a moment later (write-behind):
 * a kill -9 at any moment leaves the old or the new one. `wrong` says where a parsed file departs from an Intent, null when it does not.
 * Throws file-refused when something is in its place that this user's daemon has not written.
 */
export function createStateFile(
  path: string,
  wrong: (value: unknown) => string | null,
  { calls, now = () => new Date() }: StateFileOptions = {},
): Store {
  let unsynced: (failed: Failure) => void = () => undefined;
  const file = createWriteBehind(path, error => unsynced(notWritten('The state', path, error, STAYS)), calls);

  const parsed = (from: string): { readonly intent: Intent } | { readonly fault: string } | null => {
    const bytes = readKept(from, LARGEST);
    if (bytes === null) return null;
    try {
      const value: unknown = JSON.parse(bytes.toString('utf8'));
      const fault = wrong(value);
      return fault === null ? { intent: value as Intent } : { fault };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error) };
    }
  };

  return {
    load() {
      sweep(dirname(path));
      const found = parsed(path);
      if (found !== null && 'intent' in found) return { intent: found.intent, warning: null };
      if (found === null) return { intent: NOTHING, warning: null };
      const kept = `The state file was not readable (${found.fault}); it is kept as ${setAside(path, now())}.`;
      const earlier = beforeOf(file.before, parsed);
      if (earlier === null) return { intent: NOTHING, warning: `${kept} What runs is taken in from its labels.` };
      // Read again should this daemon end before it writes.
      renameSync(file.before, path);
      return { intent: earlier, warning: `${kept} The one before it was whole and is used.` };
    },
    onUnsynced(listener) {
      unsynced = listener;
    },
    save(intent) {
      try {
        file.write(JSON.stringify(intent));
        return null;
      } catch (error) {
        return notWritten('The state', path, error, STAYS);
      }
    },
  };
}

/** What was on the disk before a write that a power cut has taken. Null: there is none, or none that is whole. */
function beforeOf(
  before: string,
  parsed: (from: string) => { readonly intent: Intent } | { readonly fault: string } | null,
): Intent | null {
  try {
    const found = parsed(before);
    return found !== null && 'intent' in found ? found.intent : null;
  } catch (error) {
    if (error instanceof FailureError) return null;
    throw error;
  }
}

/** Days of which the first is kept. */
const KEPT = 8;

/**
 * Kept for a look under the same name each time. The first of a day is kept beside it, with the day in its name: a daemon that starts again and
 * again must neither fill the disk nor put what it has made since over what was lost. Returns its path.
 */
function setAside(path: string, now: Date): string {
  const aside = `${path}.corrupt`;
  const ofToday = `${aside}-${now.toISOString().slice(0, 10)}`;
  if (isThere(aside) && !isThere(ofToday)) {
    renameSync(aside, ofToday);
    const names = readdirSync(dirname(path)).filter(name => name.startsWith(`${basename(aside)}-`));
    for (const name of names.sort().slice(0, Math.max(0, names.length - KEPT))) unlinkSync(join(dirname(path), name));
  }
  renameSync(path, aside);
  return aside;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
