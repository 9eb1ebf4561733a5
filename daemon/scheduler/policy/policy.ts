import { type Bytes, GiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { DEFAULT_PREEMPTION, type PreemptionPolicy } from '../eviction/preemption.js';
import { DEFAULT_PRESSURE, type PressurePolicy } from '../eviction/pressure.js';
import { DEFAULT_GROWTH, type GrowthPolicy } from '../memory/growth.js';
import { DEFAULT_RECLAIM, type ReclaimPolicy } from '../memory/reclaim.js';
import { type CooldownPolicy, DEFAULT_COOLDOWN } from './cooldown.js';

/** All figures that decisions use; settings, not constants. */
export interface Policy {
  /** What all services together may be granted. */
  readonly budget: Bytes;
  /** Containers that may be between launch and ready at the same time. */
  readonly startsAtOnce: number;
  /** Crashes inside `crashWindow` after which a service is failed. */
  readonly crashLimit: number;
  readonly crashWindow: Ms;
  /** First pause after a crash; doubles with each further one in the window. */
  readonly backoffFirst: Ms;
  readonly backoffMost: Ms;
  /** How long an end that was asked of the engine may be the first half of a restart: until then it is not taken as a stop. */
  readonly restartPause: Ms;
  /** How long a client that connects waits for room in the budget before it is refused. */
  readonly patience: Ms;
  /** How long the connections of a service may take to end before it is stopped. */
  readonly drain: Ms;
  /** Pause between two looks at what keeps a service awake that seems idle. */
  readonly lookAgain: Ms;
  /** CPU work above this share of a core over `busyOver` counts as use. */
  readonly busyAbove: number;
  readonly busyOver: Ms;
  readonly relief: PreemptionPolicy;
  readonly pressure: PressurePolicy;
  readonly growth: GrowthPolicy;
  readonly cooldown: CooldownPolicy;
  readonly reclaim: ReclaimPolicy;
}

export const DEFAULT_POLICY: Omit<Policy, 'budget'> = {
  startsAtOnce: 3,
  crashLimit: 5,
  crashWindow: 10 * 60_000,
  backoffFirst: 500,
  backoffMost: 60_000,
  restartPause: 5_000,
  patience: 60_000,
  drain: 10_000,
  lookAgain: 60_000,
  busyAbove: 0.02,
  busyOver: 30_000,
  relief: DEFAULT_PREEMPTION,
  pressure: DEFAULT_PRESSURE,
  growth: DEFAULT_GROWTH,
  cooldown: DEFAULT_COOLDOWN,
  reclaim: DEFAULT_RECLAIM,
};

/** The most that may be granted on a host: MemTotal − max(1 GiB, 15 %), or the user's figure where it is lower. */
export function budgetFor(hostTotal: Bytes, wanted: Bytes | null): Bytes {
  const most = Math.max(0, Math.floor(hostTotal - Math.max(GiB, 0.15 * hostTotal)));
  return wanted === null ? most : Math.min(wanted, most);
}
