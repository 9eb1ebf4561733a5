import type { Failure } from '../core/failure.js';
import type { Log } from '../ports.js';
import { type Counters, openConnections, readCounters } from './counters.js';
import type { Redirect } from './redirect.js';
import { closingScript, tableName } from './rules.js';
import { createSetter } from './setter.js';
import { localShell, type Shell } from './shell.js';
import { carryOut, findWay } from './way.js';

/**
 * Bytes beyond headers that make a service used: over what an idle container moves by itself in its first minute (236: multicast reports,
 * router solicitations), below ten of the smallest requests. Counted from the last use on, so that seldom small requests add up.
 */
export const USED = 256;

/** Rules of the kernel that carry connections of awake services past the daemon, in one nft table of this instance. */
export interface KernelPath {
  /** Whether rules can be set here, and how: by ourselves, or by the helper; else why not, in a sentence. Asked once, at the start. */
  readonly available: { readonly how: 'nft' | 'helper' } | { readonly reason: string };
  /** Why the kernel cannot carry this one, in a sentence; null: it can. Reads two small files, no engine. */
  refuses(redirect: Redirect): string | null;
  /**
   * Makes the rules exactly those of these redirects that the kernel can carry, in one transaction; the same again is no error. Resolves
   * when the kernel has them. Connections that are open stay as they are. Calls are carried out in order. A failure (kernel-path) leaves
   * the rules as they were, or, where redirected connections get no answer, out of use.
   */
  set(redirects: readonly Redirect[]): Promise<Failure | null>;
  /**
   * What the container's network was used for so far, whoever used it: spliced connections and other containers are in it too. Compare with
   * the reading at the last use: USED more bytes are use again. Null: it cannot be read. `pid`: the container's main process.
   */
  use(redirect: Redirect, pid: number | null): Counters | null;
  /** Connections open to the redirect's port; 0 when it cannot be read. For a drain after the rule was taken away; takes milliseconds. */
  open(redirect: Redirect, pid: number | null): number;
  /** Removes the table, and restores what was set on bridges: connections that the kernel still carries end with that. */
  close(): Promise<Failure | null>;
}

interface Options {
  readonly instance: string;
  readonly log: Log;
  /** Runs a script with NET_ADMIN on the engine's host network, where this process may not set rules itself. */
  readonly helper?: Shell | null;
  /** In place of a shell of this process, for tests. */
  readonly own?: Shell;
}

/** Finds out how rules can be set. What an earlier daemon left stays until the first `set`. */
export async function openKernelPath({ instance, log, helper = null, own = localShell }: Options): Promise<KernelPath> {
  const table = tableName(instance);
  const way = await findWay(table, own, helper);
  if ('reason' in way) log.info({ reason: way.reason }, 'connections are carried by the daemon, not by the kernel');
  const setter = 'run' in way ? createSetter(table, way.run) : null;
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = (work: () => Promise<Failure | null>): Promise<Failure | null> => {
    const mine = last.then(work);
    last = mine;
    return mine;
  };
  return {
    available: 'run' in way ? { how: way.how } : way,
    refuses: redirect => ('reason' in way ? way.reason : (setter?.refuses(redirect) ?? null)),
    set: redirects => inOrder(async () => (await setter?.set(redirects)) ?? null),
    use: (_redirect, pid) => (pid === null ? null : readCounters(pid)),
    open: ({ to }, pid) => (pid === null ? 0 : openConnections(pid, to.port)),
    close: () => inOrder(async () => ('run' in way ? carryOut(way.run, closingScript(table)) : null)),
  };
}
