import { NAMES, type Name, NEEDS, type Variant } from './project.js';
import type { Random } from './random.js';

/** What the client asks for. */
export type Ask =
  | { readonly kind: 'up'; readonly variant: Variant; readonly services: readonly Name[] | null; readonly recreate: boolean }
  | { readonly kind: 'down' }
  | { readonly kind: 'start' | 'stop' | 'restart'; readonly services: readonly Name[] };

/** What the daemon must make so: of each service what is wanted, and the definition that it is to run with. */
export interface Intent {
  readonly wants: Readonly<Record<Name, 'up' | 'down' | 'gone'>>;
  readonly variants: Readonly<Record<Name, Variant>>;
  /** What runs must have started after this: its last restart. ms since the epoch. */
  readonly started: Readonly<Record<Name, number>>;
  /** Its container must have been made after this. */
  readonly made: Readonly<Record<Name, number>>;
}

const NEVER = { db: 0, migrate: 0, web: 0 };

export const NOTHING: Intent = {
  wants: { db: 'gone', migrate: 'gone', web: 'gone' },
  variants: { db: 'a', migrate: 'a', web: 'a' },
  started: NEVER,
  made: NEVER,
};

/** The intent once an ask of this moment was accepted. The model of the actions that the harness holds the daemon to. */
export function after(intent: Intent, ask: Ask, at: number): Intent {
  switch (ask.kind) {
    case 'up': {
      const next = afterUp(intent, ask.services, ask.variant);
      return ask.recreate ? { ...next, made: later(intent.made, ask.services ?? NAMES, at) } : next;
    }
    case 'down':
      return { ...intent, wants: { db: 'gone', migrate: 'gone', web: 'gone' } };
    case 'stop':
      return change(intent, name => (ask.services.includes(name) && intent.wants[name] === 'up' ? 'down' : intent.wants[name]));
    case 'start':
    case 'restart': {
      const names = withNeeds(ask.services);
      const next = change(intent, name => (names.has(name) ? 'up' : notGone(intent.wants[name])));
      return ask.kind === 'restart' ? { ...next, started: later(intent.started, ask.services, at) } : next;
    }
  }
}

/** A service that is up and was not asked for keeps its definition. */
function afterUp(intent: Intent, services: readonly Name[] | null, variant: Variant): Intent {
  const names = withNeeds(services ?? NAMES);
  const kept = (name: Name) => intent.wants[name] === 'up' && !names.has(name);
  const { wants } = change(intent, name => (names.has(name) ? 'up' : notGone(intent.wants[name])));
  const of = (name: Name) => (kept(name) ? intent.variants[name] : variant);
  return { ...intent, wants, variants: { db: of('db'), migrate: of('migrate'), web: of('web') } };
}

function later(times: Intent['made'], names: readonly Name[], at: number): Intent['made'] {
  return { ...times, ...Object.fromEntries(names.map(name => [name, at])) };
}

/** A project that is wanted again knows all its services. */
function notGone(want: Intent['wants'][Name]): 'up' | 'down' {
  return want === 'up' ? 'up' : 'down';
}

function change(intent: Intent, want: (name: Name) => Intent['wants'][Name]): Intent {
  return { ...intent, wants: { db: want('db'), migrate: want('migrate'), web: want('web') } };
}

export function withNeeds(names: readonly Name[]): ReadonlySet<Name> {
  return new Set(names.flatMap(name => [name, ...NEEDS[name]]));
}

const VARIANTS: readonly Variant[] = ['a', 'b'];

/** One, or now and then two at once. */
export function randomAsks(random: Random): Ask[] {
  const first = randomAsk(random);
  return random.chance(0.2) ? [first, randomAsk(random)] : [first];
}

function randomAsk(random: Random): Ask {
  const roll = random.next();
  if (roll < 0.35) return { kind: 'up', variant: random.pick(VARIANTS), services: null, recreate: random.chance(0.2) };
  if (roll < 0.45) return { kind: 'up', variant: random.pick(VARIANTS), services: random.some(NAMES), recreate: random.chance(0.2) };
  if (roll < 0.6) return { kind: 'down' };
  return { kind: random.pick(['start', 'stop', 'restart'] as const), services: random.some(NAMES) };
}

export function describeAsk(ask: Ask): string {
  if (ask.kind === 'up') return `up ${ask.services?.join(' ') ?? 'all'} as ${ask.variant}${ask.recreate ? ' --recreate' : ''}`;
  return ask.kind === 'down' ? 'down' : `${ask.kind} ${ask.services.join(' ')}`;
}
