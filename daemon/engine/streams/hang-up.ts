import { readFileSync } from 'node:fs';
import type Dockerode from 'dockerode';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';

/**
 * Signals the command of an exec session and its children. Engines have no call for it, and let the command run on when its client goes:
 * an exec'd command leads a process group, so that group is signalled, from the host where this user may, else from inside the
 * container. Best effort, nothing is thrown; where the engine's processes are not this host's (Docker Desktop) nothing is done.
 */
export async function hangUp(connection: EngineConnection, container: string, exec: Dockerode.Exec, signal: 'HUP' | 'KILL'): Promise<void> {
  try {
    const { Running, Pid } = await exec.inspect();
    if (!Running || !Pid || !readFileSync(`/proc/${Pid}/cgroup`, 'utf8').includes(container)) return;
    if (signalGroup(Pid, signal)) return;
    const inside = pidInside(readFileSync(`/proc/${Pid}/status`, 'utf8'));
    if (inside === null) return;
    await connection.call('hang-up', DEADLINE.quick, async (client, abortSignal) => {
      // The shell's own kill: slim images have no other.
      const kill = await client.getContainer(container).exec({ Cmd: ['sh', '-c', `kill -s ${signal} -- -${inside}`], abortSignal });
      connection.execs.add(kill.id);
      await kill.start({ Detach: true, abortSignal });
    });
  } catch {
    // The command has ended, the container is gone, or it has no shell: nothing is left to do.
  }
}

/** False when it is another user's. */
function signalGroup(pid: number, signal: 'HUP' | 'KILL'): boolean {
  try {
    return process.kill(-pid, `SIG${signal}`);
  } catch {
    return false;
  }
}

/** The last figure of NSpid: the PID in the innermost namespace. */
export function pidInside(status: string): number | null {
  const pids = /^NSpid:\s*(.+)$/m.exec(status)?.[1]?.trim().split(/\s+/) ?? [];
  const last = Number(pids.at(-1));
  return Number.isInteger(last) && last > 0 ? last : null;
}
