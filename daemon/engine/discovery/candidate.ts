import type { TlsMaterial } from '../client/endpoint.js';

/** What a strategy looks at. `root` is prefixed to every path, for tests. */
export interface HostSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly root: string;
  readonly uid: number;
}

/** A place where an engine may answer. */
export interface EndpointCandidate {
  /** Where the idea comes from, for people: `DOCKER_HOST`, `Docker Desktop`. */
  readonly source: string;
  /** A socket path or URL, `root` included. */
  readonly endpoint: string;
  readonly tls: TlsMaterial | null;
  /** Named by the user: when it does not answer that is an error, not a reason to look elsewhere. */
  readonly explicit: boolean;
}

/** One way to find engines, in one file each. A strategy looks at files and environment only; it never connects. */
export type Strategy = (surroundings: HostSurroundings) => readonly EndpointCandidate[];

/** The sockets of a product, in order. */
export function sockets(source: string, root: string, paths: readonly (string | null)[]): EndpointCandidate[] {
  return paths.flatMap(path => (path === null ? [] : [{ source, endpoint: root + path, tls: null, explicit: false }]));
}

/** A path in the user's runtime folder; null when the session has none and its usual place is not known. */
export function runtimePath({ env, uid }: HostSurroundings, path: string): string | null {
  const folder = env['XDG_RUNTIME_DIR'] ?? (uid > 0 ? `/run/user/${uid}` : null);
  return folder ? `${folder}/${path}` : null;
}
