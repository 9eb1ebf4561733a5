import { FailureError } from '../../core/failure.js';
import type { Cli } from '../cli.js';
import { findHere, projectOf } from '../place.js';
import { runningDaemon } from '../start-daemon.js';

/** Names for completion, one a line; nothing at all when they cannot be found: completion has nobody to complain to. */
export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const names = await (args[0] === 'profiles-and-services' ? profilesAndServices(cli) : services(cli)).catch(nothing);
  cli.out.write(names.map(name => `${name}\n`).join(''));
  return 0;
}

async function services(cli: Cli): Promise<readonly string[]> {
  if (!(await runningDaemon(cli))) return [];
  return (await cli.client.services(await projectOf(cli), false)).map(service => service.name);
}

async function profilesAndServices(cli: Cli): Promise<readonly string[]> {
  const { listProfiles } = await import('../../project/choose.js');
  const profiles = await listProfiles(await findHere(cli));
  return [...new Set([...profiles.map(({ name }) => name), ...profiles.flatMap(profile => profile.services)])];
}

function nothing(error: unknown): readonly string[] {
  if (error instanceof FailureError) return [];
  throw error;
}
