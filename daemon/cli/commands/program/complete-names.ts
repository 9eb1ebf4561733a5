import { FailureError } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';
import { findHere, projectOf } from '../../locate-project.js';
import { PROJECT_OPTIONS } from '../../parser/options.js';
import { runningDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const completeNamesVerb = {
  name: '__complete',
  summary: 'Names that completion offers: services, profiles-and-services, or presets-and-profiles',
  args: '<what>',
  options: PROJECT_OPTIONS,
  hidden: true,
  run,
} satisfies Verb;

/** Names for completion, one a line; nothing at all when they cannot be found: completion cannot show a failure. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const kinds = { services, 'profiles-and-services': profilesAndServices, 'presets-and-profiles': presetsAndProfiles };
  const names = await kinds[(args[0] ?? '') in kinds ? (args[0] as keyof typeof kinds) : 'services'](cli).catch(nothing);
  cli.out.write(names.map(name => `${name}\n`).join(''));
  return 0;
}

/** A daemon that hangs does not hold up completion longer than this, ms. */
const PATIENCE = 1_000;

async function services(cli: Cli): Promise<readonly string[]> {
  if (!(await runningDaemon(cli, PATIENCE))) return [];
  return (await cli.client.services(await projectOf(cli), false)).map(service => service.name);
}

async function profilesAndServices(cli: Cli): Promise<readonly string[]> {
  const { listProfiles } = await import('../../../config/project/discovery/choose.js');
  const profiles = await listProfiles(await findHere(cli));
  return [...new Set([...profiles.map(({ name }) => name), ...profiles.flatMap(profile => profile.services)])];
}

/** Presets are known where no project is. */
async function presetsAndProfiles(cli: Cli): Promise<readonly string[]> {
  const { PRESETS } = await import('../../../platform/wsl/wslconfig/presets.js');
  const { listProfiles } = await import('../../../config/project/discovery/choose.js');
  const profiles = await findHere(cli).then(listProfiles).catch(nothing);
  return [...new Set([...Object.keys(PRESETS), ...profiles.map(({ name }) => name)])];
}

function nothing(error: unknown): readonly never[] {
  if (error instanceof FailureError) return [];
  throw error;
}
