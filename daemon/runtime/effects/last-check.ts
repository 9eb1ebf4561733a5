import type { LastCheck } from '../../model/unready.js';
import type { Containers } from '../../ports/ports.js';
import type { Ms } from '../../shared/span.js';

/** What a check prints beyond this is not kept, bytes; nor what it prints later, ms. */
const MOST = 16 * 1024;
const PATIENCE: Ms = 3_000;

/** Runs a health check that has failed once more, for what it says. */
export async function lastCheck(
  containers: Pick<Containers, 'exec'>,
  container: string,
  command: readonly string[],
  exit: number | null,
): Promise<LastCheck> {
  let said = '';
  try {
    const session = await containers.exec(container, { command, tty: false, user: null, workingDir: null, environment: {} });
    const timer = setTimeout(() => session.close(), PATIENCE);
    try {
      for await (const { data } of session.output) {
        said += Buffer.from(data).toString('utf8');
        if (said.length > MOST) break;
      }
      return { command, exit: await session.exitCode(), said };
    } finally {
      clearTimeout(timer);
      session.close();
    }
  } catch (error) {
    // Podman refuses an exec whose program is not there.
    return { command, exit, said: said || (error instanceof Error ? error.message : '') };
  }
}
