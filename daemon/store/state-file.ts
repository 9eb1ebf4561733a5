import { close, fsync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Failure, failure } from '../core/failure.js';
import type { Intent } from '../core/intent.js';
import type { Store } from '../ports.js';

const NOTHING: Intent = { version: 1, projects: [], trusted: [] };

/**
 * Keeps the intent in one JSON file, 0600: definitions hold environment values. Written whole to a temp file, renamed: a kill -9
 * at any moment leaves the old or the new one (in place: 14 of 100 were corrupt, facts/memory). `wrong` says where a parsed file
 * departs from an Intent, null when it does not.
 */
export function createStateFile(path: string, wrong: (value: unknown) => string | null): Store {
  return {
    load() {
      const text = read(path);
      if (text === null) return { intent: NOTHING, warning: null };
      try {
        const value: unknown = JSON.parse(text);
        const fault = wrong(value);
        if (fault === null) return { intent: value as Intent, warning: null };
        return { intent: NOTHING, warning: setAside(path, fault) };
      } catch (error) {
        return { intent: NOTHING, warning: setAside(path, error instanceof Error ? error.message : String(error)) };
      }
    },
    save(intent) {
      try {
        writeWhole(path, JSON.stringify(intent));
        return null;
      } catch (error) {
        return unsaved(path, error);
      }
    },
  };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Synced after the rename and in the background: a process that is killed loses nothing either way, and waiting for the disk
 * held up every start and connection (1 ms, p95 10 ms and more while an image is built). A power cut in those ms may leave
 * an empty file where the file system does not order the two (ext4 and btrfs do); that one is set aside, nothing runs then.
 */
function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temp = `${path}.tmp`;
  const file = openSync(temp, 'w', 0o600);
  try {
    writeSync(file, text);
    renameSync(temp, path);
  } finally {
    fsync(file, () => close(file));
  }
}

/** The corrupt file is kept for a look; the containers' labels tell what runs. */
function setAside(path: string, fault: string): string {
  const aside = `${path}.corrupt`;
  renameSync(path, aside);
  return `The state file was not readable (${fault}); it is kept as ${aside}. What runs is taken in from its labels.`;
}

function unsaved(path: string, error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return failure('internal', `The state could not be written to ${path} (${reason}); the last one stays.`, {}, [
    'Free space on that disk; until then a restart of the daemon forgets what was asked since',
  ]);
}
