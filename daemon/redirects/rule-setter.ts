import type { Redirect } from '../ports/redirects.js';
import { type Failure, failure } from '../shared/failure.js';
import { runScript } from './nft-access.js';
import { redirectRefusal, ruleOf } from './redirect.js';
import { routesLoopback } from './routes.js';
import { type Rule, settingScript } from './rules.js';
import type { ScriptRunner } from './shell.js';
import { isRedirectAnswered } from './verify.js';

export interface RuleSetter {
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
