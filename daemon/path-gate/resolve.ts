import { lstatSync, readlinkSync } from 'node:fs';
import { normalPath } from '../shared/paths.js';

/** The target of a path as the file system is now. */
export interface ResolvedPath {
  /** Every link followed, also one that leads to nothing; what is missing stands behind it as written. */
  readonly real: string;
  /** The first link that was followed, as `path → target`; null: there is none on the way. */
  readonly link: string | null;
  /** The first part that could not be examined (permission, a circle of links): everything behind it is unknown. Null when all could. */
  readonly unreadable: string | null;
}

/** As the kernel: more links on one way are a circle. */
const MOST_LINKS = 40;

/**
 * Follows an absolute path name by name. Unlike realpath(3) it says where a dangling link leads, which is what an engine that makes missing
 * folders would make, and it never takes a part that cannot be examined for what was written.
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
    const found = linkAt(here);
    if (found === 'missing') return { real: rest, link, unreadable: null };
    if (found === 'unreadable') return { real: rest, link, unreadable: here };
    if (found.target === null) {
      real = here;
      continue;
    }
    link ??= `${here} → ${found.target}`;
    links += 1;
    if (links > MOST_LINKS) return { real: rest, link, unreadable: here };
    if (found.target.startsWith('/')) real = '';
    names.unshift(...namesOf(found.target));
  }
  return { real: real === '' ? '/' : real, link, unreadable: null };
}

function namesOf(path: string): string[] {
  return path.split('/').filter(name => name !== '' && name !== '.');
}

function linkAt(path: string): { readonly target: string | null } | 'missing' | 'unreadable' {
  try {
    return { target: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unreadable';
  }
}
