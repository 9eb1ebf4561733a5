import type { Live, StreamFrame } from '../../api/live.js';
import { applyDelta } from '../../api/live-delta.js';
import type { HistoryEntry } from '../../api/live-history.js';
import type { LoggedNotice } from '../../api/notice.js';
import type { ServiceId } from '../../model/spec.js';

/** Most notices that are kept. */
const NOTICES = 200;
/** Length of the sparklines, ms. */
export const CHART_SPAN = 60_000;

/** All that the page knows from the stream. */
export interface Snapshot {
  readonly live: Live;
  /** Oldest first. */
  readonly notices: readonly LoggedNotice[];
  /** The last minute of each service that runs. */
  readonly recent: Readonly<Record<ServiceId, readonly HistoryEntry[]>>;
  /** Number of the last frame. */
  readonly seq: number;
  /** How often figures come at most, ms. */
  readonly every: number;
}

/** The snapshot after a frame; null when a frame is missing, so that the stream has to begin anew. */
export function applyFrame(snapshot: Snapshot | null, frame: StreamFrame): Snapshot | null {
  if (frame.type === 'snapshot') {
    const recent = Object.fromEntries(Object.entries(frame.recent).map(([id, { entries }]) => [id, entries]));
    return { live: frame.live, notices: frame.notices, recent, seq: frame.seq, every: frame.every };
  }
  if (snapshot === null || frame.seq !== snapshot.seq + 1) return null;
  const next = { ...snapshot, seq: frame.seq };
  switch (frame.type) {
    case 'delta': {
      const live = applyDelta(snapshot.live, frame.live);
      return { ...next, live, recent: withRecentPoint(snapshot.recent, live) };
    }
    case 'notice':
      return { ...next, notices: [...snapshot.notices.slice(1 - NOTICES), frame.notice] };
    case 'heartbeat':
      return { ...next, live: { ...snapshot.live, at: frame.at } };
  }
}

/** A point for each service that is measured; what did not change is told by no delta and goes on as it was. */
function withRecentPoint(recent: Snapshot['recent'], live: Live): Snapshot['recent'] {
  const begin = live.at - CHART_SPAN;
  const entries = live.services.flatMap(({ id, usage }) => {
    const before = (recent[id] ?? []).filter(({ at }) => at >= begin && at < live.at);
    const now = usage ? [{ at: live.at, workingSet: usage.workingSet, peak: usage.workingSet, cpu: usage.cpu }] : [];
    return before.length + now.length > 0 ? [[id, [...before, ...now]] as const] : [];
  });
  return Object.fromEntries(entries);
}
