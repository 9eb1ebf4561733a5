import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

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
    timeout: 120_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  if (status !== 0) return { refused: stderr.trim() };
  // Every dollar sign is written twice, so that the answer can be read as a Compose file again.
  return { model: JSON.parse(stdout.replaceAll('$$', '$$')) };
}

/** Where Docker looks for `docker compose`. */
const PLUGINS = [
  join(homedir(), '.docker'),
  ...['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map(folder => join(folder, 'docker')),
].map(folder => join(folder, 'cli-plugins'));
const OLDEST = [2, 26] as const;

/** A docker-compose that is new enough to compare with: LAPTOP_DEV_TEST_COMPOSE, on PATH, or the plugin of Docker. Null: there is none. */
export function findCompose(): { readonly binary: string; readonly version: string } | null {
  const given = process.env['LAPTOP_DEV_TEST_COMPOSE'];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter).filter(Boolean), ...PLUGINS];
  const candidates = given ? [given] : folders.map(folder => join(folder, 'docker-compose')).filter(path => existsSync(path));
  for (const binary of candidates) {
    const { stdout } = spawnSync(binary, ['version', '--short'], { encoding: 'utf8', timeout: 10_000 });
    const [, version = '', major, minor] = /^v?((\d+)\.(\d+)\S*)/.exec(stdout ?? '') ?? [];
    if (Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1])) return { binary, version };
  }
  // What was asked for by name is not passed over in silence.
  if (given) throw new Error(`LAPTOP_DEV_TEST_COMPOSE: ${given} is not a docker-compose of version 2.26 or newer`);
  return null;
}
