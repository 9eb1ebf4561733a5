import { readFileSync } from 'node:fs';
import type Dockerode from 'dockerode';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';

/**
 * Signals the command of an exec session. Engines have no call for it, and let the command run on when its client goes: its PID
 * inside the container is taken from the host's /proc and `kill` runs in the container. Best effort: nothing is thrown.
 */
export async function hangUp(connection: Connection, container: string, exec: Dockerode.Exec, signal: 'HUP' | 'KILL'): Promise<void> {
  try {
    const { Running, Pid } = await exec.inspect();
    if (!Running || !Pid) return;
    const inside = pidInside(readFileSync(`/proc/${Pid}/status`, 'utf8'));
    if (inside === null) return;
    await connection.call('hang-up', DEADLINE.quick, async (client, abortSignal) => {
      const kill = await client.getContainer(container).exec({ Cmd: ['kill', `-${signal}`, String(inside)], abortSignal });
      await kill.start({ Detach: true, abortSignal });
    });
  } catch {
    // The command has ended, the container is gone, or it has no kill: nothing is left to do.
  }
}

/** The last figure of NSpid: the PID in the innermost namespace. */
export function pidInside(status: string): number | null {
  const pids = /^NSpid:\s*(.+)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  const last = Number(pids.at(-1));
  return Number.isInteger(last) && last > 0 ? last : null;
}
