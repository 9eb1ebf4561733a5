import { request } from 'node:http';
import type { Advised } from '../../e2e/support/advised.js';
import { until } from '../../e2e/support/until.js';

/** The model of 593 MiB that `make-tiny --large` writes. */
export const MODEL = 'large';

/** Runs the command line in the project's folder; its output. */
export async function ok({ own, folder }: Advised, ...args: string[]): Promise<string> {
  const done = await own.cli(args, { cwd: folder, timeout: 600_000 });
  if (done.code !== 0) throw new Error(`laptop-dev ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

/** Stops it and has it sleep. */
export async function asleep(stage: Advised): Promise<void> {
  await ok(stage, 'stop', 'llm-advisor');
  await ok(stage, 'up');
  await until('it sleeps', async () => (await stage.view('llm-advisor')).state === 'asleep');
}

/** A streamed completion of one token: ms until its first event. */
export function ask({ ports }: Advised, isCold: boolean): Promise<number> {
  const before = performance.now();
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ model: MODEL, prompt: 'Hello', max_tokens: 1, seed: 1, stream: true });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request(
      {
        host: '127.0.0.1',
        port: ports.llm,
        path: '/v1/completions',
        method: 'POST',
        headers,
        agent: false,
        timeout: isCold ? 120_000 : 10_000,
      },
      response => {
        let text = '';
        let first = 0;
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (first === 0 && /^data: \{/m.test(text)) first = performance.now() - before;
        });
        response.once('end', () =>
          response.statusCode === 200 && first > 0 ? resolve(first) : reject(new Error(`${response.statusCode}: ${text}`)),
        );
        response.once('error', reject);
      },
    );
    call.once('timeout', () => call.destroy(new Error('no answer in time')));
    call.once('error', reject);
    call.end(body);
  });
}
