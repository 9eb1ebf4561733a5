import type { ReclaimResult } from '../scheduler/memory/reclaim.js';
import type { StepOf } from '../scheduler/state/step.js';

/**
 * Gives back the file cache of running containers, as far as it can be taken from them without swapping, and with `vm` that of the whole VM. Measures before
 * and after. Asks `goesOn` before each container, and does no more when it says no. Never rejects: what could not be done is in `why`.
 */
export type ReclaimCache = (asked: Pick<StepOf<'reclaim'>, 'containers' | 'vm'>, goesOn: () => boolean) => Promise<ReclaimResult>;
