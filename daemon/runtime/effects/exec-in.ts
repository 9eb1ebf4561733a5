import type { Containers } from '../../ports/ports.js';
import type { Exec } from '../../ports/redirects.js';
import type { Ms } from '../../shared/span.js';

/** A command that has not ended after this long is ended. */
const PATIENCE: Ms = 15_000;

/** Runs commands in a container to their end, for what they print. */
export function execIn(containers: Pick<Containers, 'exec'>, container: string): Exec {
  return async command => {
    const session = await containers.exec(container, { command, tty: false, user: null, workingDir: null, environment: {} });
    const timer = setTimeout(() => session.close(), PATIENCE);
    try {
      let stdout = '';
      for await (const { data } of session.output) stdout += Buffer.from(data).toString('utf8');
      return { exitCode: await session.exitCode(), stdout };
    } finally {
      clearTimeout(timer);
      session.close();
    }
  };
}
