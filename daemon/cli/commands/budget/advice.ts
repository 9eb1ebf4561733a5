import type { AdviceView } from '../../../api/views.js';
import type { WrittenMemory } from '../../../config/project/write/memory.js';
import { answer, type Cli } from '../../cli.js';
import { findHere, projectOf } from '../../locate-project.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderAdvice, renderWritten } from '../../render/advice.js';
import type { Verb } from '../../verb.js';

export const budgetAdviceVerb = {
  name: 'advice',
  summary: 'Recommend memory figures for the services here, from their use in the last 8 days',
  args: '',
  options: [...CONFIG_OPTIONS, 'write', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** What the services here should have, by what they used; with --write it goes into the project's profile. */
async function run(cli: Cli): Promise<number> {
  const project = await projectOf(cli);
  const services = await cli.client.advice(project);
  const written = cli.options.write ? await write(cli, project, services) : null;
  answer(cli, written === null ? { services } : { services, written: dataOf(written) }, () =>
    [...renderAdvice(services, cli.out.columns()), ...(written === null ? hint(services) : ['', ...renderWritten(written)])].join('\n'),
  );
  return 0;
}

async function write(cli: Cli, project: string, services: readonly AdviceView[]): Promise<WrittenMemory> {
  const known = (await cli.client.projects()).find(({ name }) => name === project);
  const { writeMemory } = await import('../../../config/project/write/memory.js');
  const enough = services.filter(service => service.enough);
  const figures = new Map(enough.map(({ service, standard, maximum }) => [service, { standard, maximum }]));
  return writeMemory(await findHere(cli), { profile: known?.profile ?? null, root: known?.root ?? null, figures });
}

/** The texts of the files stay out of the answer. */
function dataOf({ changes, files, left }: WrittenMemory): object {
  return { changes, files: files.map(({ file }) => file), left };
}

function hint(services: readonly AdviceView[]): string[] {
  const differs = services.some(
    ({ enough, current, standard, maximum }) => enough && (current.standard !== standard || current.maximum !== maximum),
  );
  return differs ? ['laptop-dev budget advice --write puts these figures into the profile.'] : [];
}
