import type { ServiceView } from '../../../api/views.js';
import { FailureError } from '../../../shared/failure.js';
import { answer, type Cli } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import { renderServices } from '../../render/ps.js';
import type { Verb } from '../../verb.js';

export const psVerb = {
  name: 'ps',
  summary: 'Show services, their states and their memory',
  args: '[service...]',
  options: [...PROJECT_OPTIONS, 'all', ...OUTPUT_OPTIONS],
  completes: 'services',
  run,
} satisfies Verb;

/** Services of the project here, or with --all of every project. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const project = cli.options.all ? null : await projectOrNone(cli);
  const services = project === undefined ? [] : await cli.client.services(project, true);
  const shown = args.length > 0 ? services.filter(service => args.includes(service.name)) : services;
  const sorted = [...shown].sort((a, b) => a.project.localeCompare(b.project) || a.name.localeCompare(b.name));
  answer(cli, { services: sorted }, () => text(cli, sorted));
  return 0;
}

/** undefined: nothing of the project here is known, which is an answer and not a failure. */
async function projectOrNone(cli: Cli): Promise<string | undefined> {
  try {
    return await projectOf(cli);
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'not-found') return undefined;
    throw error;
  }
}

function text(cli: Cli, services: readonly ServiceView[]): string {
  if (services.length === 0)
    return cli.options.all
      ? 'No services. laptop-dev up starts some.'
      : 'No services here. laptop-dev up starts them; ps --all shows other projects.';
  const projects = cli.options.all ?? false;
  return renderServices(services, { projects, width: cli.out.columns(), colours: cli.out.colours }).join('\n');
}
