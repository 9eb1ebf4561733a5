import type { PreemptionPolicy } from '../scheduler/eviction/preemption.js';
import type { PressurePolicy } from '../scheduler/eviction/pressure.js';
import type { GrowthPolicy } from '../scheduler/memory/growth.js';
import type { ReclaimFigures, ReclaimPolicy } from '../scheduler/memory/reclaim.js';
import type { CooldownPolicy } from '../scheduler/policy/cooldown.js';
import { budgetFor, DEFAULT_POLICY, type Policy } from '../scheduler/policy/policy.js';
import { type Bytes, formatBytes, GiB, MiB, parseBytes } from '../shared/bytes.js';
import { holds, parseBlock } from '../shared/cidr.js';
import { isHarmlessCron } from '../shared/cron.js';
import { formatDuration, parseDuration } from '../shared/duration.js';
import { FailureError, failure } from '../shared/failure.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** span: `90s`, in ms. size: `512MB`, in bytes. count: a whole number. share: a fraction such as 0.08. figure: a number of whatever kind. */
type Unit = 'span' | 'size' | 'count' | 'share' | 'figure';

/** One figure: the end of its variable, LAPTOP_DEV_<name>, its unit, and its bounds, which are allowed themselves. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly least: number;
  readonly most: number;
}
/** A row for each figure of a policy: one that is added without its variable does not compile. */
type Rows<T> = { readonly [K in keyof T]: Figure };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function row(unit: Unit): (name: string, least: number, most: number) => Figure {
  return (name, least, most) => ({ name, unit, least, most });
}
const [span, size, count, share, figure] = [row('span'), row('size'), row('count'), row('share'), row('figure')];

type Single = Omit<Policy, 'budget' | 'relief' | 'pressure' | 'growth' | 'cooldown' | 'reclaim'>;

const SINGLE: Rows<Single> = {
  startsAtOnce: count('STARTS_AT_ONCE', 1, 64),
  crashLimit: count('CRASH_LIMIT', 1, 1_000),
  crashWindow: span('CRASH_WINDOW', SECOND, DAY),
  backoffFirst: span('BACKOFF', 10, HOUR),
  backoffMost: span('BACKOFF_MOST', 10, HOUR),
  restartPause: span('RESTART_PAUSE', 0, 10 * MINUTE),
  patience: span('PATIENCE', 0, HOUR),
  drain: span('DRAIN', 0, 10 * MINUTE),
  lookAgain: span('LOOK_AGAIN', SECOND, HOUR),
  busyAbove: share('BUSY_ABOVE', 0, 1),
  busyOver: span('BUSY_OVER', SECOND, 50 * SECOND), // samples are kept for a minute
};
const RELIEF: Rows<PreemptionPolicy> = {
  clawMargin: figure('CLAW_MARGIN', 1, 10),
  shrinkBelow: share('SHRINK_BELOW', 0.1, 1),
  minUptime: span('MIN_UPTIME', 0, DAY),
  equalIdle: span('EQUAL_IDLE', 0, DAY),
  thrashLimit: count('THRASH_LIMIT', 1, 1_000),
  thrashWindow: span('THRASH_WINDOW', SECOND, DAY),
};
const GROWTH: Rows<GrowthPolicy> = {
  growAbove: share('GROW_ABOVE', 0.1, 1),
  growTo: figure('GROW_TO', 1, 10),
  oomLimit: count('OOM_LIMIT', 1, 1_000),
  oomWindow: span('OOM_WINDOW', SECOND, DAY),
};
const COOLDOWN: Rows<CooldownPolicy> = {
  first: span('COOLDOWN', 0, HOUR),
  most: span('COOLDOWN_MOST', 0, DAY),
  resetAfter: span('COOLDOWN_RESET', SECOND, DAY),
};
const RECLAIM: Rows<ReclaimFigures> = {
  below: share('RECLAIM_BELOW', 0, 1),
  cacheAbove: share('RECLAIM_CACHE', 0, 1),
  pause: span('RECLAIM_PAUSE', MINUTE, DAY),
};
const PRESSURE: Rows<PressurePolicy> = {
  softAvailable: share('SOFT_AVAILABLE', 0, 1),
  softAvailableFor: span('SOFT_AVAILABLE_FOR', 0, HOUR),
  hardAvailable: share('HARD_AVAILABLE', 0, 1),
  hardAvailableFor: span('HARD_AVAILABLE_FOR', 0, HOUR),
  softSome: figure('SOFT_SOME', 0, 100),
  softSomeFor: span('SOFT_SOME_FOR', 0, HOUR),
  hardFull: figure('HARD_FULL', 0, 100),
  hardFullFor: span('HARD_FULL_FOR', 0, HOUR),
  risingSamples: count('RISING_SAMPLES', 1, 1_000),
  risingPages: count('RISING_PAGES', 1, 1_000_000_000),
  risingFor: span('RISING_FOR', 0, HOUR),
  leaveMargin: size('LEAVE_MARGIN', 0, 1024 * GiB),
  leaveAfter: span('LEAVE_AFTER', 0, HOUR),
  longestGap: span('LONGEST_GAP', 6 * SECOND, HOUR), // all is well: a sample each 5 s
  victimPause: span('VICTIM_PAUSE', 0, HOUR),
  psiSettles: count('PSI_SETTLES', 1, 1_000),
  startMargin: size('START_MARGIN', 0, 1024 * GiB),
};

/** A setting with a fixed set of words; the first is the default. */
const RECLAIM_MODE = { name: 'RECLAIM', words: ['off', 'short', 'always'] } as const;
const RECLAIM_VM = { name: 'RECLAIM_VM', words: ['off', 'on'] } as const;

/** The interval at which running containers are listed again: it bounds how long a lost event or a hanging engine goes unnoticed (daemon/runtime/observe.ts). */
const RELIST = span('RELIST', 200, HOUR);
const RELIST_USUAL = 30 * SECOND;
/** Clients of /v1/stream at a time; the usual number is that of server/app. */
const STREAM_CLIENTS = { ...count('STREAM_CLIENTS', 1, 1_000), usual: 16 };

/** A budget below this runs nothing: the least of the built-in services needs 128 MB. */
const LEAST_BUDGET: Bytes = 64 * MiB;

/** All settings with a fixed set of words, with their defaults. */
export function choices(): readonly { readonly name: string; readonly usual: string }[] {
  return [RECLAIM_MODE, RECLAIM_VM].map(({ name, words }) => ({ name, usual: words[0] }));
}

/** All figures but the budget with their defaults, written as in a variable. */
export function figures(): readonly (Figure & { readonly usual: string })[] {
  const list = <T extends object>(rows: Rows<T>, values: T) =>
    (Object.entries(rows) as [keyof T, Figure][]).map(([key, each]) => ({ ...each, usual: written(each, Number(values[key])) }));
  const { relief, growth, cooldown, pressure, reclaim } = DEFAULT_POLICY;
  return [
    ...list(SINGLE, DEFAULT_POLICY),
    ...list(RELIEF, relief),
    ...list(GROWTH, growth),
    ...list(COOLDOWN, cooldown),
    ...list(PRESSURE, pressure),
    ...list<ReclaimFigures>(RECLAIM, reclaim),
    { ...RELIST, usual: written(RELIST, RELIST_USUAL) },
    { ...STREAM_CLIENTS, usual: String(STREAM_CLIENTS.usual) },
  ];
}

/**
 * The daemon's settings from its environment: LAPTOP_DEV_BUDGET, `4GB`, never more than the host allows, and a variable for each
 * figure of the policy (docs/settings.md). One that is empty is not set. Fails with config-invalid, naming the variable.
 */
export function readSettings(env: Environment, hostTotal: Bytes): Policy {
  const read = <T extends object>(rows: Rows<T>, usual: T): T => {
    const entries = Object.entries(rows) as [keyof T, Figure][];
    return Object.fromEntries(entries.map(([key, each]) => [key, given(each, env) ?? usual[key]])) as T;
  };
  const policy = {
    ...read(SINGLE, DEFAULT_POLICY),
    budget: budget(env['LAPTOP_DEV_BUDGET'], hostTotal),
    relief: read(RELIEF, DEFAULT_POLICY.relief),
    growth: read(GROWTH, DEFAULT_POLICY.growth),
    cooldown: read(COOLDOWN, DEFAULT_POLICY.cooldown),
    pressure: read(PRESSURE, DEFAULT_POLICY.pressure),
    reclaim: { ...read<ReclaimFigures>(RECLAIM, DEFAULT_POLICY.reclaim), ...reclaimWhen(env) },
  };
  const { backoffFirst, backoffMost, cooldown, pressure } = policy;
  ordered(SINGLE.backoffFirst, backoffFirst, SINGLE.backoffMost, backoffMost);
  ordered(COOLDOWN.first, cooldown.first, COOLDOWN.most, cooldown.most);
  ordered(PRESSURE.hardAvailable, pressure.hardAvailable, PRESSURE.softAvailable, pressure.softAvailable);
  return policy;
}

function reclaimWhen(env: Environment): Pick<ReclaimPolicy, 'mode' | 'vm'> {
  return { mode: chosen(RECLAIM_MODE, env), vm: chosen(RECLAIM_VM, env) === 'on' };
}

/** The number of clients that may watch the stream at a time, LAPTOP_DEV_STREAM_CLIENTS. Fails with config-invalid, naming the variable. */
export function readStreamClients(env: Environment): number {
  return given(STREAM_CLIENTS, env) ?? STREAM_CLIENTS.usual;
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

/** The interval between two listings of everything that runs, in ms: LAPTOP_DEV_RELIST. Fails with config-invalid, naming the variable. */
export function readRelist(env: Environment): number {
  return given(RELIST, env) ?? RELIST_USUAL;
}

const WEB_IDLE = span('WEB_IDLE', 10 * SECOND, DAY);

/** The time that the web view stays open without a page that uses it, in ms: LAPTOP_DEV_WEB_IDLE. Returns null for the default. Fails with config-invalid. */
export function readWebIdle(env: Environment): number | null {
  return given(WEB_IDLE, env);
}

/** The smallest range that still has several networks, and the largest that one would give away. */
const POOL = { widest: 8, narrowest: 26 };

/**
 * The ranges that networks take their subnets from when the Compose file names none. LAPTOP_DEV_NETWORK_POOL: ranges, `10.200.0.0/16`, with commas between
 * them; `engine` (null): the engine chooses. Undefined: the usual ones. Fails with config-invalid, naming the variable.
 */
export function readNetworkPools(env: Environment): readonly string[] | null | undefined {
  const text = env['LAPTOP_DEV_NETWORK_POOL']?.trim();
  if (!text) return undefined;
  if (text === 'engine') return null;
  const pools = text.split(',').map(each => each.trim());
  if (pools.every(isPool)) return pools;
  throw invalid(
    'NETWORK_POOL',
    `is "${text}"; expected engine, or private IPv4 ranges from /${POOL.widest} to /${POOL.narrowest} such as 10.200.0.0/16.`,
  );
}

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].flatMap(text => parseBlock(text) ?? []);

function isPool(text: string): boolean {
  const block = parseBlock(text);
  if (block === null || !text.includes('/') || block.prefix < POOL.widest || block.prefix > POOL.narrowest) return false;
  return PRIVATE.some(each => holds(each, block));
}

function budget(text: string | undefined, hostTotal: Bytes): Bytes {
  if (!text) return budgetFor(hostTotal, null);
  const wanted = parseBytes(text);
  if (wanted === null || wanted < LEAST_BUDGET)
    throw invalid('BUDGET', `is "${text}"; expected a size of at least ${formatBytes(LEAST_BUDGET)}, such as 4GB.`);
  return budgetFor(hostTotal, wanted);
}

/** The value of a figure's variable; null when it is not set. Fails with config-invalid. */
function given(each: Figure, env: Environment): number | null {
  const { name, unit, least, most } = each;
  const text = env[`LAPTOP_DEV_${name}`];
  if (!text) return null;
  const value = READERS[unit](text.trim());
  if (value !== null && value >= least && value <= most) return value;
  throw invalid(name, `is "${text}"; expected ${KINDS[unit]} from ${written(each, least)} to ${written(each, most)}.`);
}

function chosen<W extends string>({ name, words }: { readonly name: string; readonly words: readonly [W, ...W[]] }, env: Environment): W {
  const text = env[`LAPTOP_DEV_${name}`]?.trim();
  const word = text ? words.find(each => each === text) : words[0];
  if (word !== undefined) return word;
  throw invalid(name, `is "${text}"; expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`);
}

const READERS: Readonly<Record<Unit, (text: string) => number | null>> = {
  span: text => parseDuration(text, 'profile'),
  size: parseBytes,
  count: text => (/^\d+$/.test(text) ? Number(text) : null),
  share: number,
  figure: number,
};
const KINDS: Readonly<Record<Unit, string>> = {
  span: 'a duration',
  size: 'a size',
  count: 'a whole number',
  share: 'a share',
  figure: 'a number',
};

function number(text: string): number | null {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function written({ unit }: Figure, value: number): string {
  if (unit === 'span') return formatDuration(value);
  return unit === 'size' ? formatBytes(value).replace(' ', '') : String(value);
}

function ordered(low: Figure, lowValue: number, high: Figure, highValue: number): void {
  if (lowValue <= highValue) return;
  throw invalid(low.name, `is ${written(low, lowValue)}, above LAPTOP_DEV_${high.name} (${written(high, highValue)}).`);
}

function invalid(name: string, what: string): FailureError {
  return new FailureError(failure('config-invalid', `LAPTOP_DEV_${name} ${what}`, { variable: `LAPTOP_DEV_${name}` }));
}
