import type { Log } from '../ports/ports.js';
import type { RedirectManager } from '../ports/redirects.js';
import type { Failure } from '../shared/failure.js';
import { openConnections, readCounters } from './counters.js';
import { findNftAccess, runScript } from './nft-access.js';
import { createRuleSetter } from './rule-setter.js';
import { closingScript, tableName } from './rules.js';
import { localShell, type ScriptRunner } from './shell.js';

/**
 * Bytes beyond headers that make a service used: over what an idle container moves by itself in its first minute (236: multicast reports,
 * router solicitations), below ten of the smallest requests. Counted from the last use on, so that small requests that are rare add up.
 */
export const USED = 256;

interface Options {
  readonly instance: string;
  readonly log: Log;
  /** Runs a script with NET_ADMIN on the engine's host network, where this process may not set rules itself. */
  readonly helper?: ScriptRunner | null;
  /** In place of a shell of this process, for tests. */
  readonly own?: ScriptRunner;
}

/** Finds out how rules can be set. What an earlier daemon left stays until the first `set`. */
export async function openRedirectManager({ instance, log, helper = null, own = localShell }: Options): Promise<RedirectManager> {
  const table = tableName(instance);
  const way = await findNftAccess(table, own, helper);
  if ('reason' in way) log.info({ reason: way.reason }, 'connections are carried by the daemon, not by the kernel');
  const setter = 'run' in way ? createRuleSetter(table, way.run) : null;
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = (work: () => Promise<Failure | null>): Promise<Failure | null> => {
    const mine = last.then(work);
    last = mine;
    return mine;
  };
  return {
    available: 'run' in way ? { how: way.how } : way,
    used: USED,
    // Loaded when it is needed: most daemons never ask.
    heldBy: async (...question) => (await import('./in-flight.js')).heldBy(...question),
    refuses: redirect => ('reason' in way ? way.reason : (setter?.refuses(redirect) ?? null)),
    set: redirects => inOrder(async () => (await setter?.set(redirects)) ?? null),
    use: (_redirect, pid) => (pid === null ? null : readCounters(pid)),
    open: ({ to }, pid) => (pid === null ? 0 : openConnections(pid, to.port)),
    close: () => inOrder(async () => ('run' in way ? runScript(way.run, closingScript(table)) : null)),
  };
}
