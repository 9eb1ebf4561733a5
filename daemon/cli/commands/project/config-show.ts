import { Document, Scalar, visit } from 'yaml';
import { isSteering } from '../../../shared/printable.js';
import { answer, type Cli } from '../../cli.js';
import { findHere, readProject } from '../../locate-project.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { redacted } from '../../report/hidden-spec.js';
import type { Verb } from '../../verb.js';

export const configShowVerb = {
  name: 'show',
  summary: 'Show the project as it would be run',
  args: '[profile]',
  options: [...CONFIG_OPTIONS, 'show-values', ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run,
} satisfies Verb;

/** The project as it would be run, as YAML; values of the environment, build arguments and secrets only with --show-values. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const { spec } = await readProject(cli, await findHere(cli), { profile: args[0] ?? null, services: null, taken: {} });
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
