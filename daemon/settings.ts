import type { Bytes } from './core/bytes.js';
import { formatBytes, MiB, parseBytes } from './core/bytes.js';
import { isHarmlessCron } from './core/cron.js';
import { FailureError, failure } from './core/failure.js';
import { budgetFor, DEFAULT_POLICY, type Policy } from './core/policy.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** A budget below this runs nothing: the least of the built-in services needs 128 MB. */
const LEAST_BUDGET: Bytes = 64 * MiB;

/**
 * The daemon's settings from its environment. LAPTOP_DEV_BUDGET: `4GB`, never more than the host allows. LAPTOP_DEV_STARTS_AT_ONCE:
 * 1 to 64. Fails with config-invalid, naming the variable.
 */
export function readSettings(env: Environment, hostTotal: Bytes): Policy {
  return {
    ...DEFAULT_POLICY,
    budget: budget(env['LAPTOP_DEV_BUDGET'], hostTotal),
    startsAtOnce: startsAtOnce(env['LAPTOP_DEV_STARTS_AT_ONCE']),
  };
}

/** Each night; costs a timer and no memory: no node-cron is loaded for it (schedule/calendar). */
const NIGHTLY = '0 4 * * *';

/** When leftovers are removed. LAPTOP_DEV_PRUNE: a cron expression, or `off` (null). Fails with config-invalid, naming the variable. */
export function readPrune(env: Environment): string | null {
  const text = env['LAPTOP_DEV_PRUNE']?.trim();
  if (!text) return NIGHTLY;
  if (text === 'off') return null;
  if (isHarmlessCron(text)) return text;
  throw new FailureError(
    failure('config-invalid', `LAPTOP_DEV_PRUNE is "${text}"; expected off, or a cron expression such as ${NIGHTLY}.`),
  );
}

function budget(text: string | undefined, hostTotal: Bytes): Bytes {
  if (!text) return budgetFor(hostTotal, null);
  const wanted = parseBytes(text);
  if (wanted === null || wanted < LEAST_BUDGET) {
    throw new FailureError(
      failure('config-invalid', `LAPTOP_DEV_BUDGET is "${text}"; expected a size of at least ${formatBytes(LEAST_BUDGET)}, such as 4GB.`),
    );
  }
  return budgetFor(hostTotal, wanted);
}

function startsAtOnce(text: string | undefined): number {
  if (!text) return DEFAULT_POLICY.startsAtOnce;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count;
  throw new FailureError(failure('config-invalid', `LAPTOP_DEV_STARTS_AT_ONCE is "${text}"; expected a whole number from 1 to 64.`));
}
