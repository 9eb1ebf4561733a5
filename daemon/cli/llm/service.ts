import type { ServiceView } from '../../api/views.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Cli } from '../cli.js';
import { projectOf } from '../locate-project.js';

const UP = 'laptop-dev up llm makes the built-in one known to the daemon; it need not run.';

/** The service that `llm` acts on: --service, else the only one of the project with runtime llm. Throws FailureError not-found, usage. */
export async function advisorOf(cli: Cli): Promise<ServiceView> {
  const project = await projectOf(cli).catch((error: unknown) => {
    if (!(error instanceof FailureError) || error.failure.code !== 'not-found') throw error;
    const { message, details, remedies } = error.failure;
    throw new FailureError(failure('not-found', message, details, [UP, ...remedies.slice(1)]));
  });
  const services = await cli.client.services(project, false);
  const named = cli.options.service;
  const found = services.filter(({ name, runtime }) => (named === undefined ? runtime === 'llm' : name === named));
  const [only] = found;
  if (only && found.length === 1) return only;
  const names = found.map(({ name }) => name);
  if (only) {
    throw new FailureError(
      failure('usage', `Project ${project} has several services with models: ${names.join(', ')}.`, { services: names }, [
        '--service chooses one.',
      ]),
    );
  }
  const what = named === undefined ? 'no service with runtime: llm' : `no service ${named}`;
  throw new FailureError(failure('not-found', `Project ${project} has ${what}.`, { project }, [UP, '-p names another project.']));
}
