import { type ListedProfile, listProfiles } from '../../../config/project/discovery/choose.js';
import { formatProblem } from '../../../shared/problem.js';
import { answer, type Cli } from '../../cli.js';
import { findHere } from '../../locate-project.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { table } from '../../render/table.js';
import type { Verb } from '../../verb.js';

export const profilesVerb = {
  name: 'profiles',
  summary: 'List the profiles of the project',
  args: '',
  options: [...CONFIG_OPTIONS, ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** The profiles of the project here, or of the built-in stack; * marks the one that `up` takes when none is named. */
async function run(cli: Cli): Promise<number> {
  const profiles = await listProfiles(await findHere(cli));
  answer(cli, { profiles }, () => render(profiles, cli.out.columns()).join('\n'));
  return 0;
}

function render(profiles: readonly ListedProfile[], width: number): string[] {
  if (profiles.length === 0) return ['No profiles here: up starts all of the Compose file. laptop-dev init writes a profile for it.'];
  const columns = [
    { title: '' },
    { title: 'NAME' },
    { title: 'SERVICES', gives: true, least: 16 },
    { title: 'DESCRIPTION', gives: true, least: 20 },
  ];
  const rows = profiles.map(({ name, description, standard, services }) => [
    standard ? '*' : '',
    name,
    services.join(', ') || 'all',
    description ?? '',
  ]);
  const problems = profiles.flatMap(profile => profile.problems.map(formatProblem));
  return [...table(columns, rows, width), ...(problems.length > 0 ? ['', ...problems] : [])];
}
