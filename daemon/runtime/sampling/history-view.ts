import type { HistorySpan } from '../../api/live-history.js';
import type { ServiceId } from '../../model/spec.js';
import type { Clock, History } from '../../ports/ports.js';
import type { Ms } from '../../shared/span.js';
import type { RecentUsage } from './recent.js';

/** The length of a point that is kept in files. */
const MINUTE: Ms = 60_000;

interface Sources {
  readonly history: History;
  readonly recent: RecentUsage;
  readonly clock: Clock;
}

/** What a service used since a time: in slots of a minute or longer as it is kept for days, in shorter ones (0: none) from the last 15 minutes. */
export async function historyOf({ history, recent, clock }: Sources, id: ServiceId, since: Ms, slot: Ms): Promise<HistorySpan> {
  if (slot < MINUTE) return { slot, entries: recent.entries(id, since, slot, clock.wall()) };
  const points = await history.points(id, since, slot);
  const entries = points.map(({ at, p, peak, cpu }) => ({ at: Math.floor(at / slot) * slot, workingSet: p, peak, cpu }));
  return { slot, entries };
}
