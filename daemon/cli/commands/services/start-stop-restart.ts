import { act, mannerOf } from '../../acting.js';
import { answer, type Cli, type Run } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { ACTION_OPTIONS, OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import { renderPlan } from '../../render/plan.js';
import type { Verb } from '../../verb.js';

/** These three are the same but for the word. */
const COMMON = {
  args: '[service...]',
  options: [...PROJECT_OPTIONS, ...ACTION_OPTIONS, ...OUTPUT_OPTIONS],
  completes: 'services',
} as const;

export const startVerb = {
  name: 'start',
  summary: 'Start services of a known project; without names, all of them',
  ...COMMON,
  run: runFor('start', 'running'),
} satisfies Verb;

export const stopVerb = {
  name: 'stop',
  summary: 'Stop services; their containers stay',
  ...COMMON,
  run: runFor('stop', 'stopped'),
} satisfies Verb;

export const restartVerb = {
  name: 'restart',
  summary: 'Stop services and start them again',
  ...COMMON,
  run: runFor('restart', 'running again'),
} satisfies Verb;

function runFor(kind: 'start' | 'stop' | 'restart', done: string): Run {
  return async (cli: Cli, args) => {
    const project = await projectOf(cli);
    const { plan, result } = await act(cli, project, kind, { services: args, ...mannerOf(cli) });
    answer(cli, { project, plan, services: result?.services ?? [] }, () => {
      if (!result) return renderPlan(plan, cli.options.dryRun ? 'would' : 'will').join('\n');
      const names = result.services.map(service => service.name).join(', ') || project;
      return `${names}: ${done}`;
    });
    return 0;
  };
}
