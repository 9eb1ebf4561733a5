import { Document, Scalar, visit } from 'yaml';
import { loadProject } from '../../config/project/load.js';
import type { ProjectSpec, ServiceSpec } from '../../model/spec.js';
import { FailureError } from '../../shared/failure.js';
import { isSteering } from '../../shared/printable.js';
import { formatProblem } from '../../shared/problem.js';
import { answer, type Cli, remark } from '../cli.js';
import { findHere } from '../locate-project.js';

/** The project as it would be run, as YAML; values of the environment, build arguments and secrets only with --show-values. */
export async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const { spec, failure, warnings } = await loadProject(await findHere(cli), { profile: args[0] ?? null, services: null, taken: {} });
  for (const warning of warnings) remark(cli, `${cli.err.colours.yellow('warning:')} ${formatProblem(warning)}`);
  if (failure) throw new FailureError(failure);
  if (!spec) throw new Error('a project without a failure has a spec');
  const shown = cli.options.showValues ? spec : redacted(spec);
  answer(cli, { project: shown }, () => {
    const document = new Document(shown);
    // In double quotes \u001b is what the gate makes of ESC.
    visit(document, {
      Scalar: (_, node) => {
        if (typeof node.value === 'string' && isSteering(node.value)) node.type = Scalar.QUOTE_DOUBLE;
      },
    });
    return document.toString();
  });
  return 0;
}

const HIDDEN = '[hidden]';

export function redacted(spec: ProjectSpec): ProjectSpec {
  return { ...spec, services: spec.services.map(redactedService) };
}

function redactedService(service: ServiceSpec): ServiceSpec {
  const { container } = service;
  if (!container) return service;
  const build = container.build && { ...container.build, args: hidden(container.build.args) };
  const mounts = container.mounts.map(mount => (mount.kind === 'content' ? { ...mount, text: HIDDEN } : mount));
  return { ...service, container: { ...container, build, mounts, environment: hidden(container.environment) } };
}

function hidden(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map(key => [key, HIDDEN]));
}
