import { type ActionOutcome, act, mannerOf } from '../../acting.js';
import { answer, type Cli } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { ACTION_OPTIONS, OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import { confirmLoss } from '../../prompt.js';
import { renderPlan } from '../../render/plan.js';
import { runningDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const downVerb = {
  name: 'down',
  summary: 'Stop and remove the containers and networks of a project',
  args: '',
  options: [...PROJECT_OPTIONS, 'all', 'volumes', 'yes', ...ACTION_OPTIONS, ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Takes a project down, or with --all every project of this user. */
async function run(cli: Cli): Promise<number> {
  if (cli.options.all && !(await runningDaemon(cli))) {
    answer(cli, { projects: [] }, () => 'The daemon is not running: nothing to take down. laptop-dev up adopts containers that still run.');
    return 0;
  }
  const projects = cli.options.all ? (await cli.client.projects()).map(({ name }) => name) : [await projectOf(cli)];
  const volumes = cli.options.volumes ?? false;
  if (volumes && projects.length > 0) await confirmLoss(cli, `Remove the volumes of ${projects.join(', ')}, with all data in them?`);
  const outcomes: { project: string; plan: ActionOutcome['plan'] }[] = [];
  for (const project of projects) {
    const { plan } = await act(cli, project, 'down', { volumes, ...mannerOf(cli) });
    outcomes.push({ project, plan });
  }
  answer(cli, { projects: outcomes }, () => outcomes.map(outcome => outcomeText(cli, outcome)).join('\n') || 'No project is up.');
  return 0;
}

function outcomeText(cli: Cli, { project, plan }: { project: string; plan: ActionOutcome['plan'] }): string {
  if (cli.options.dryRun) return [`${project}:`, ...renderPlan(plan, 'would')].join('\n');
  if (cli.options.wait === false) return `${project} is being taken down`;
  return `${project} is down; its volumes are ${cli.options.volumes ? 'removed' : 'kept'}`;
}
