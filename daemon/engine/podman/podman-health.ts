import { existsSync } from 'node:fs';
import type { Ms } from '../../shared/span.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE, within } from '../client/deadline.js';
import { type Inspected, mapInspect } from '../mapping/map-inspect.js';

type Health = ReturnType<typeof mapInspect>['health'];

/** Podman's defaults in ns, as Docker's. */
const INTERVAL = 30e9;
const TIMEOUT = 30e9;

/** Podman has systemd timers run its health checks; without systemd nobody does. */
export function systemdRuns(): boolean {
  return existsSync('/run/systemd/system');
}

/** `look` is for a health event of Podman's own, which tells the state before the check (seen in 4.3). */
export interface HealthWatch {
  look(): void;
  stop(): void;
}

/**
 * Keeps a container's health known: runs its check every interval where systemd does not, and looks at the result. `onHealth` is
 * called with each change, `onCheck` around each check that is run here.
 */
export function watchHealth(
  connection: EngineConnection,
  inspected: Inspected,
  onHealth: (health: Exclude<Health, 'none'>) => void,
  onCheck: (kind: 'checkStarted' | 'checkEnded') => void,
): HealthWatch {
  const test = inspected.Config?.Healthcheck?.Test ?? [];
  if (test.length === 0 || test[0] === 'NONE') return { look: () => {}, stop: () => {} };
  const timers = new Set<NodeJS.Timeout>();
  let last = mapInspect(inspected).health;
  const look = async (): Promise<void> => {
    const now = await healthOf(connection, inspected.Id);
    if (now === 'none' || now === last) return;
    last = now;
    onHealth(now);
  };
  const later = (pause: Ms, run: () => Promise<void>): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      // The container may end under a check; its died event says what is to be said.
      run().catch(() => undefined);
    }, pause);
    timers.add(timer.unref());
  };
  const round = async (): Promise<void> => {
    onCheck('checkStarted');
    await runCheck(connection, inspected).catch(() => undefined);
    onCheck('checkEnded');
    if (!stopped) later((inspected.Config?.Healthcheck?.Interval || INTERVAL) / 1e6, round);
    await look();
  };
  let stopped = false;
  if (!systemdRuns()) later(0, round);
  return {
    look: () => [50, 500].forEach(pause => void later(pause, look)),
    stop: () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

async function runCheck(connection: EngineConnection, inspected: Inspected): Promise<void> {
  const limit = (inspected.Config?.Healthcheck?.Timeout || TIMEOUT) / 1e6 + DEADLINE.quick;
  const path = `/v4.0.0/libpod/containers/${inspected.Id}/healthcheck`;
  await within('health check', limit, signal => connection.raw({ method: 'GET', path, signal }));
}

async function healthOf(connection: EngineConnection, id: string): Promise<Health> {
  const raw: Inspected = await connection.call('inspect', DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).inspect({ abortSignal }),
  );
  return mapInspect(raw).health;
}
