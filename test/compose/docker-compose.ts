import { spawnSync } from 'node:child_process';

/** What `docker-compose config --format json` says of these files: its answer, or why it refuses them. */
export type Answer = { readonly model: unknown } | { readonly refused: string };

/** Asks a docker-compose of version 2. `order`: as with -f; empty: what it finds in `folder`. */
export function askCompose(
  binary: string,
  folder: string,
  order: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = { PATH: process.env['PATH'] },
  flags: readonly string[] = [],
): Answer {
  const files = order.flatMap(file => ['-f', file]);
  const { status, stdout, stderr, error } = spawnSync(binary, [...flags, ...files, 'config', '--format', 'json'], {
    cwd: folder,
    env: { ...environment },
    encoding: 'utf8',
    timeout: 20_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  if (status !== 0) return { refused: stderr.trim() };
  // Every dollar sign is written twice, so that the answer can be read as a Compose file again.
  return { model: JSON.parse(stdout.replaceAll('$$', '$$')) };
}
