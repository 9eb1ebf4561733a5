import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A lock of this machine, held as long as this process lives or until `release`: flock(1) keeps it, and ends when its standard
 * input closes, so that a process that is killed gives it back as well. `onWait` is called when somebody else holds it.
 */
export async function hostLock(path: string, onWait: () => void): Promise<{ release(): Promise<void> }> {
  const child = spawn('flock', [path, 'sh', '-c', 'echo held; exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const waiting = setTimeout(onWait, 500);
  const held = once(child.stdout, 'data').then(() => true);
  const got = await Promise.race([held, ended.then(() => false)]);
  clearTimeout(waiting);
  if (!got) throw new Error(`flock ${path} ended with ${child.exitCode}`);
  return {
    async release() {
      child.stdin.end();
      await ended;
    },
  };
}
