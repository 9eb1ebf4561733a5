import { connect, isIPv4 } from 'node:net';
import type { Redirect } from '../ports/redirects.js';
import { type Failure, failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { runScript } from './nft-access.js';
import { bridgeTo, routesLoopback } from './routes.js';
import { type Rule, settingScript } from './rules.js';
import type { ScriptRunner } from './shell.js';

/** A connection inside this machine takes well under a millisecond; a SYN that was dropped is only sent again after 1 s (RFC 6298), ms. */
const PATIENCE = 900;

/**
 * Whether connections to this address are answered at all, be it by a refusal: rules of others (a firewall that drops what it does not know)
 * could swallow what ours redirect, and then nobody would get an answer.
 */
export function isRedirectAnswered(host: string, port: number, patience: Ms = PATIENCE): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    const settle = (answered: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(settle, patience, false);
    socket.once('connect', () => settle(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => settle(code === 'ECONNREFUSED' || code === 'ECONNRESET'));
  });
}

interface RuleSetter {
  refuses(redirect: Redirect): string | null;
  set(redirects: readonly Redirect[]): Promise<Failure | null>;
}

/** Sets rules, and sees the first time that each bridge carries a connection indeed; one that does not is never used again. */
export function createRuleSetter(table: string, run: ScriptRunner): RuleSetter {
  const proven = new Set<string>();
  const deaf = new Set<string>();
  const make = (rules: readonly Rule[]): Promise<Failure | null> => {
    const closed = bridgesOf(rules).filter(bridge => routesLoopback(bridge) === false);
    return runScript(run, settingScript(table, rules, closed));
  };
  const prove = async (rules: readonly Rule[]): Promise<void> => {
    const fresh = bridgesOf(rules).filter(bridge => !proven.has(bridge));
    await Promise.all(
      fresh.map(async bridge => {
        const rule = rules.find(each => each.bridge === bridge);
        if (!rule || (await isRedirectAnswered(rule.address, rule.port))) proven.add(bridge);
        // A container that is gone does not answer either way: that says nothing about the bridge.
        else if (await isRedirectAnswered(rule.to.host, rule.to.port)) deaf.add(bridge);
      }),
    );
  };
  return {
    refuses: redirect => redirectRefusal(redirect, deaf),
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

/** Why the kernel cannot carry it, in a sentence; null: it can. `deaf`: bridges that did not carry anything. */
function redirectRefusal({ hostIp, to }: Redirect, deaf: ReadonlySet<string>): string | null {
  if (listenAddress(hostIp) === null) return `the kernel redirects connections to 127.0.0.1 only, not to ${hostIp}`;
  const bridge = bridgeTo(to.host);
  if (bridge === null) return `the container's address ${to.host} is not on a bridge of this machine`;
  return deaf.has(bridge) ? `redirected connections got no answer through ${bridge}` : null;
}

/** What a rule needs to know; none when the kernel cannot carry it. */
function ruleOf({ service, hostIp, port, to }: Redirect): readonly Rule[] {
  const [address, bridge] = [listenAddress(hostIp), bridgeTo(to.host)];
  return address !== null && bridge !== null ? [{ service, address, port, to, bridge }] : [];
}

function listenAddress(hostIp: string): string | null {
  if (hostIp === '0.0.0.0') return '127.0.0.1';
  return isIPv4(hostIp) && hostIp.startsWith('127.') ? hostIp : null;
}
