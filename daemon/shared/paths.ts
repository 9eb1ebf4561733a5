/** An empty part, `.` or `..`. */
const UNTIDY = /\/\.{0,2}(?:\/|$)/;

/**
 * Absolute POSIX path without `.`, `..`, double or trailing slashes, by its letters alone: links are resolved before
 * (project/ does it). Null when it is not absolute.
 */
export function normalPath(path: string): string | null {
  if (!path.startsWith('/')) return null;
  // Most are, and a hostile one has two thousand parts.
  if (path !== '/' && !UNTIDY.test(path)) return path;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Whether `path` is `folder` or lies in it. Nothing lies in `/`: a project there would own the whole machine. */
export function isWithin(folder: string, path: string): boolean {
  const outer = normalPath(folder);
  const inner = normalPath(path);
  if (outer === null || inner === null || outer === '/') return false;
  return inner === outer || inner.startsWith(`${outer}/`);
}
