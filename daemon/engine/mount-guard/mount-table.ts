import { readFileSync } from 'node:fs';

/** Where a folder or file lies, whatever it is called: the device and the path within its file system. */
export interface Location {
  readonly device: string;
  readonly path: string;
}

/** A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). `root`: what of the file system is mounted at `point`, by its name of this moment. */
export interface MountLine extends Location {
  readonly point: string;
  readonly readOnly: boolean;
}

/** Mounts as a process sees them; null: it is gone, not of this machine, or not ours to look at. `container`: must be in its cgroup's name. */
export function mountTable(pid: number | 'self', container: string | null, proc = '/proc'): readonly MountLine[] | null {
  try {
    // The PID is the engine's, which may run on another machine.
    if (container !== null && !readFileSync(`${proc}/${pid}/cgroup`, 'utf8').includes(container)) return null;
    return parseMountTable(readFileSync(`${proc}/${pid}/mountinfo`, 'utf8'));
  } catch {
    return null;
  }
}

export function parseMountTable(text: string): MountLine[] {
  return text.split('\n').flatMap(line => {
    const [, , device, root, point, options] = line.split(' ');
    if (device === undefined || root === undefined || point === undefined || options === undefined) return [];
    return [{ device, path: unescaped(root), point: unescaped(point), readOnly: options.split(',').includes('ro') }];
  });
}

/** Where a path lies that has no link in it; what is missing lies where it would be made. Null: the table has no root. */
export function mountOf(path: string, table: readonly MountLine[]): Location | null {
  let best: MountLine | null = null;
  // A later mount covers an earlier one of the same place.
  for (const line of table) if (isAt(path, line.point) && line.point.length >= (best?.point.length ?? 0)) best = line;
  if (best === null) return null;
  const rest = best.point === '/' ? path : path.slice(best.point.length);
  return { device: best.device, path: `${best.path === '/' ? '' : best.path}${rest}` || '/' };
}

/** Whether something at `inner` lies below `outer`, so that who can write to `outer` can put something else in its place. */
export function isBelow(inner: Location, outer: Location): boolean {
  return inner.device === outer.device && inner.path !== outer.path && isAt(inner.path, outer.path);
}

function isAt(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** Blanks, tabs, line ends and backslashes are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
