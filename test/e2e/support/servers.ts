import { join } from 'node:path';
import { ENGINE, openEngine } from '../../on-engine/support/open-engine.js';

/** Real servers behind one service; made once at an engine, whose cache keeps it: its packages take most of a minute. */
export const SERVERS = 'ldt-servers:1';

const CONTEXT = join(import.meta.dirname, '..', 'servers');

/** Makes the image of test/e2e/servers present. */
export async function serversImage(): Promise<void> {
  const client = openEngine(ENGINE);
  const stream = await client.buildImage({ context: CONTEXT, src: ['Dockerfile', 'serve.sh', 'nginx.conf'] }, { t: SERVERS });
  await new Promise<void>((resolve, reject) => {
    client.modem.followProgress(stream, (error, lines: { readonly error?: string }[]) => {
      const failed = error?.message ?? lines.find(line => line.error !== undefined)?.error;
      if (failed === undefined) resolve();
      else reject(new Error(`the image of the servers: ${failed}`));
    });
  });
}
