import { listProfiles } from '../../../config/project/discovery/choose.js';
import type { TrustPoint } from '../../../config/project/trust-points.js';
import { type Failure, FailureError, failure } from '../../../shared/failure.js';
import { formatProblem, type Problem } from '../../../shared/problem.js';
import { answer, type Cli, remark } from '../../cli.js';
import { findHere, loadHere, readProject } from '../../locate-project.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import type { Verb } from '../../verb.js';

export const configVerb = {
  name: 'config',
  summary: 'Check or show the configuration',
  args: '',
  options: [],
  verbs: {
    validate: async () => configValidateVerb,
    show: async () => configShowVerb,
  },
} satisfies Verb;

export const configValidateVerb = {
  name: 'validate',
  summary: 'Check all files without starting anything: all mistakes at once, and what up will need --trust for',
  args: '[profile]',
  options: [...CONFIG_OPTIONS, ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run: validate,
} satisfies Verb;

/**
 * Reads every profile (or the one named) with its Compose files and reports all mistakes at once; config-invalid if there is one.
 * Points for which `up` will need --trust are not mistakes; they are listed.
 */
async function validate(cli: Cli, args: readonly string[]): Promise<number> {
  const [{ formatTrustPoint }, { renderTrust }] = await Promise.all([
    import('../../../config/project/trust-points.js'),
    import('../../render/trust.js'),
  ]);
  const found = await findHere(cli);
  const names = args.length > 0 ? args : (await listProfiles(found)).map(profile => profile.name);
  const problems = new Map<string, Problem>();
  const warnings = new Map<string, Problem>();
  const failures: Failure[] = [];
  const files = new Set<string>();
  const trust = new Map<string, TrustPoint>();
  for (const profile of names.length > 0 ? names : [null]) {
    const loaded = await loadHere(found, { profile, services: null, taken: {} });
    for (const problem of loaded.problems) problems.set(formatProblem(problem), problem);
    for (const warning of loaded.warnings) warnings.set(formatProblem(warning), warning);
    for (const file of loaded.files) files.add(file);
    for (const point of loaded.trust) trust.set(formatTrustPoint(point), point);
    if (loaded.failure && loaded.problems.length === 0) failures.push(loaded.failure);
  }
  for (const line of warnings.keys()) remark(cli, `${cli.err.colours.yellow('warning:')} ${line}`);
  if (problems.size + failures.length > 0) throw new FailureError(together(problems, failures));
  const points = [...trust.values()];
  answer(cli, { files: [...files], profiles: names, warnings: [...warnings.values()], trust: points }, () =>
    [`${plural(files.size, 'file')} valid: ${[...files].join(', ')}`, ...renderTrust(points)].join('\n'),
  );
  return 0;
}

function together(problems: ReadonlyMap<string, Problem>, failures: readonly Failure[]): Failure {
  const [only] = failures;
  if (problems.size === 0 && failures.length === 1 && only) return only;
  const lines = [...problems.keys(), ...new Set(failures.map(({ message }) => message))];
  return failure(
    'config-invalid',
    `${plural(lines.length, 'mistake')} in the configuration:\n${lines.join('\n')}`,
    { problems: [...problems.values()] },
    ['Correct the places named, then check again.'],
  );
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

export const configShowVerb = {
  name: 'show',
  summary: 'Show the project as it would be run',
  args: '[profile]',
  options: [...CONFIG_OPTIONS, 'show-values', ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run: show,
} satisfies Verb;

/** The project as it would be run, as YAML; values of the environment, build arguments and secrets only with --show-values. */
async function show(cli: Cli, args: readonly string[]): Promise<number> {
  const { spec } = await readProject(cli, await findHere(cli), { profile: args[0] ?? null, services: null, taken: {} });
  const { projectYaml, redacted } = await import('../../report/hidden-spec.js');
  const shown = cli.options.showValues ? spec : redacted(spec);
  answer(cli, { project: shown }, () => projectYaml(shown));
  return 0;
}
