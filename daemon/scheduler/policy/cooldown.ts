import type { Ms } from '../../shared/span.js';

/** How a service that starts by itself has fared. */
export interface Cooldown {
  /** Failed starts and crashes in a row. */
  readonly failures: number;
  readonly failedAt: Ms | null;
  /** Null: it does not run, or is not healthy. */
  readonly healthySince: Ms | null;
}

export const NO_COOLDOWN: Cooldown = { failures: 0, failedAt: null, healthySince: null };

/** The figures of docs/memory.md. */
export interface CooldownPolicy {
  /** After the first failure; doubles with each further one. */
  readonly first: Ms;
  readonly most: Ms;
  /** So long healthy without a break, and earlier failures are forgotten. */
  readonly resetAfter: Ms;
}

export const DEFAULT_COOLDOWN: CooldownPolicy = { first: 30_000, most: 300_000, resetAfter: 600_000 };

/** It failed to start, or crashed. */
export function afterFailure(state: Cooldown, policy: CooldownPolicy, now: Ms): Cooldown {
  return { failures: settled(state, policy, now).failures + 1, failedAt: now, healthySince: null };
}

/** It is seen healthy. */
export function afterHealthy(state: Cooldown, now: Ms): Cooldown {
  return state.healthySince === null ? { ...state, healthySince: now } : state;
}

/** It was stopped, or is not healthy any more, which is no failure. */
export function afterRest(state: Cooldown, policy: CooldownPolicy, now: Ms): Cooldown {
  return { ...settled(state, policy, now), healthySince: null };
}

/** Until when it is not started by itself; an explicit start by the user does not ask. Null: it may be now. */
export function coolsUntil(state: Cooldown, policy: CooldownPolicy, now: Ms): Ms | null {
  const { failures, failedAt } = settled(state, policy, now);
  if (failures === 0 || failedAt === null) return null;
  const until = failedAt + Math.min(policy.most, policy.first * 2 ** (failures - 1));
  return until > now ? until : null;
}

function settled(state: Cooldown, policy: CooldownPolicy, now: Ms): Cooldown {
  const isOver = state.healthySince !== null && now - state.healthySince >= policy.resetAfter;
  return isOver ? { ...NO_COOLDOWN, healthySince: state.healthySince } : state;
}
