import { readFileSync, readlinkSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { type Failure, failure } from '../core/failure.js';
import type { ServiceId } from '../core/model.js';
import type { Log } from '../ports.js';
import { type Counters, openConnections, readCounters } from './counters.js';
import { isAnswered } from './prove.js';
import { bridgeTo, routesLoopback } from './routes.js';
import { closingScript, probingScript, type Rule, settingScript, tableName } from './rules.js';
import { localShell, type Outcome, type Shell } from './shell.js';

/** New connections to `hostIp:port` go to the container at `to`, past the daemon's listener. */
export interface Redirect {
  readonly service: ServiceId;
  /** As the listener has it. 127.x.y.z, or 0.0.0.0, of which only 127.0.0.1 is redirected. */
  readonly hostIp: string;
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
}

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

type Way = { readonly how: 'nft' | 'helper'; readonly run: Shell } | { readonly reason: string };

async function findWay(table: string, own: Shell, helper: Shell | null): Promise<Way> {
  const ownReason = await whyNot(table, own);
  if (ownReason === null) return { how: 'nft', run: own };
  if (!helper) return { reason: `the daemon cannot set rules of the kernel: ${ownReason}` };
  const helperReason = await whyNot(table, helper);
  if (helperReason === null) return { how: 'helper', run: helper };
  return { reason: `neither the daemon (${ownReason}) nor a helper container (${helperReason}) can set rules of the kernel` };
}

async function whyNot(table: string, run: Shell): Promise<string | null> {
  const outcome = await tried(run, probingScript(table));
  if (outcome.exitCode !== 0) return /not permitted/i.test(outcome.stderr) ? 'it needs CAP_NET_ADMIN' : firstLine(outcome.stderr);
  return outcome.stdout.trim() === whereWeAre() ? null : 'its network is not the one of this machine';
}

/** As the probing script prints it. Docker Desktop's host network is that of its own machine, where rules would do nothing for us. */
function whereWeAre(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${readlinkSync('/proc/self/ns/net')}`;
  } catch {
    return 'not Linux';
  }
}

interface Setter {
  refuses(redirect: Redirect): string | null;
  set(redirects: readonly Redirect[]): Promise<Failure | null>;
}

/** Sets rules, and sees the first time that each bridge carries a connection indeed; one that does not is never used again. */
function createSetter(table: string, run: Shell): Setter {
  const proven = new Set<string>();
  const deaf = new Set<string>();
  const make = (rules: readonly Rule[]): Promise<Failure | null> => {
    const closed = bridgesOf(rules).filter(bridge => routesLoopback(bridge) === false);
    return carryOut(run, settingScript(table, rules, closed));
  };
  const prove = async (rules: readonly Rule[]): Promise<void> => {
    const fresh = bridgesOf(rules).filter(bridge => !proven.has(bridge));
    await Promise.all(
      fresh.map(async bridge => {
        const rule = rules.find(each => each.bridge === bridge);
        const isFine = rule !== undefined && (await isAnswered(rule.address, rule.port));
        (isFine ? proven : deaf).add(bridge);
      }),
    );
  };
  return {
    refuses: redirect => refusal(redirect, deaf),
    set: async redirects => {
      const rules = redirects.flatMap(ruleOf).filter(({ bridge }) => !deaf.has(bridge));
      const failed = await make(rules);
      if (failed) return failed;
      await prove(rules);
      const lost = rules.filter(({ bridge }) => deaf.has(bridge));
      if (lost.length === 0) return null;
      return (await make(rules.filter(({ bridge }) => !deaf.has(bridge)))) ?? swallowed(lost);
    },
  };
}

function bridgesOf(rules: readonly Rule[]): readonly string[] {
  return [...new Set(rules.map(({ bridge }) => bridge))];
}

function swallowed(rules: readonly Rule[]): Failure {
  const bridges = bridgesOf(rules);
  const message = `redirected connections get no answer through ${bridges.join(', ')}: a firewall may drop them`;
  return failure('kernel-path', message, { bridges, services: rules.map(({ service }) => service) });
}

async function carryOut(run: Shell, script: string): Promise<Failure | null> {
  const { exitCode, stderr } = await tried(run, script);
  if (exitCode === 0) return null;
  return failure('kernel-path', `the kernel did not take the rules: ${firstLine(stderr)}`, { exitCode, stderr: stderr.slice(0, 2000) });
}

async function tried(run: Shell, script: string): Promise<Outcome> {
  try {
    return await run(script);
  } catch (error) {
    return { exitCode: 127, stdout: '', stderr: error instanceof Error ? error.message : String(error) };
  }
}

/** nft says what is wrong in its first line, and then shows where. */
function firstLine(stderr: string): string {
  return stderr.trim().split('\n')[0] || 'no reason was given';
}

function refusal({ hostIp, to }: Redirect, deaf: ReadonlySet<string>): string | null {
  if (listenAddress(hostIp) === null) return `the kernel redirects connections to 127.0.0.1 only, not to ${hostIp}`;
  const bridge = bridgeTo(to.host);
  if (bridge === null) return `the container's address ${to.host} is not on a bridge of this machine`;
  return deaf.has(bridge) ? `redirected connections got no answer through ${bridge}` : null;
}

function ruleOf({ service, hostIp, port, to }: Redirect): readonly Rule[] {
  const [address, bridge] = [listenAddress(hostIp), bridgeTo(to.host)];
  return address !== null && bridge !== null ? [{ service, address, port, to, bridge }] : [];
}

function listenAddress(hostIp: string): string | null {
  if (hostIp === '0.0.0.0') return '127.0.0.1';
  return isIPv4(hostIp) && hostIp.startsWith('127.') ? hostIp : null;
}
