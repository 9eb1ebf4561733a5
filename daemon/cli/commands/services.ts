import { act, mannerOf } from '../acting.js';
import { answer, type Cli, type Run } from '../cli.js';
import { projectOf } from '../locate-project.js';
import { renderPlan } from '../render/plan.js';

const DONE = { start: 'running', stop: 'stopped', restart: 'running again' } as const;

/** start, stop and restart: the same but for the word. */
export function runFor(kind: 'start' | 'stop' | 'restart'): Run {
  return async (cli: Cli, args) => {
    const project = await projectOf(cli);
    const { plan, result } = await act(cli, project, kind, { services: args, ...mannerOf(cli) });
    answer(cli, { project, plan, services: result?.services ?? [] }, () => {
      if (!result) return renderPlan(plan, cli.options.dryRun ? 'would' : 'will').join('\n');
      const names = result.services.map(service => service.name).join(', ') || project;
      return `${names}: ${DONE[kind]}`;
    });
    return 0;
  };
}
