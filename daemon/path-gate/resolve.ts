import { lstatSync, readlinkSync } from 'node:fs';
import { normalPath } from '../shared/paths.js';

/** Where a path leads, by what is there now. */
export interface ResolvedPath {
  /** Every link followed, also one that leads to nothing; what is missing stands behind it as written. */
  readonly real: string;
  /** The first link that was followed, as `path → target`; null: there is none on the way. */
  readonly link: string | null;
  /** What could not be looked at (permission, a circle of links): what lies behind it is not known. Null: all could. */
  readonly unreadable: string | null;
}

/** As the kernel: more links on one way are a circle. */
const MOST_LINKS = 40;

/**
 * Follows an absolute path name by name. Unlike realpath(3) it says where a dangling link leads, which is what an engine that makes missing
 * folders would make, and it never takes what cannot be looked at for what was written.
 */
export function resolvePath(path: string): ResolvedPath {
  const names = namesOf(path);
  let [real, link, links]: [string, string | null, number] = ['', null, 0];
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '..') {
      real = real.slice(0, Math.max(0, real.lastIndexOf('/')));
      continue;
    }
    const here = `${real}/${name}`;
    const rest = normalPath([here, ...names].join('/')) ?? here;
    const looked = look(here);
    if (looked === 'missing') return { real: rest, link, unreadable: null };
    if (looked === 'unreadable') return { real: rest, link, unreadable: here };
    if (looked.target === null) {
      real = here;
      continue;
    }
    link ??= `${here} → ${looked.target}`;
    links += 1;
    if (links > MOST_LINKS) return { real: rest, link, unreadable: here };
    if (looked.target.startsWith('/')) real = '';
    names.unshift(...namesOf(looked.target));
  }
  return { real: real === '' ? '/' : real, link, unreadable: null };
}

function namesOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.');
}

function look(path: string): { readonly target: string | null } | 'missing' | 'unreadable' {
  try {
    return { target: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable';
  }
}
