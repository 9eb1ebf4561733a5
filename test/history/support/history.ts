import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { HistoryLimits } from '../../../daemon/history/day-files.js';
import { createHistory } from '../../../daemon/history/history.js';
import type { ServiceSample } from '../../../daemon/model/container-sample.js';
import type { ServiceId } from '../../../daemon/model/spec.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** 2026-03-10T12:00 UTC. */
export const NOON = Date.UTC(2026, 2, 10, 12);

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'history-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function sample(id: ServiceId, workingSet: number, cpu = 0, container = 'c'): ServiceSample {
  return { id, container, workingSet, cpu };
}

/** A history whose clock a test moves. `warned`: what it complained of. */
export function historyIn(folder: string, limits?: HistoryLimits) {
  const time = { wall: NOON, now: 0 };
  const warned: string[] = [];
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: (_: object, text: string) => void warned.push(text), error: quiet };
  const clock = { now: () => time.now, wall: () => time.wall };
  const history = createHistory({ folder, clock, log, ...(limits ? { limits } : {}) });
  onTestFinished(() => history.close());
  return {
    history,
    warned,
    time,
    /** Time passes, on both clocks. */
    pass(ms: number): void {
      time.wall += ms;
      time.now += ms;
    },
    /** A minute of one sample for each. */
    minute(...samples: ServiceSample[]): void {
      history.add(samples);
      this.pass(MINUTE);
    },
  };
}
