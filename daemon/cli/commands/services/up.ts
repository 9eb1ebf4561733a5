import type { ServiceView } from '../../../api/views.js';
import type { Mutations } from '../../../client/client.js';
import { splitWords } from '../../../config/project/discovery/choose.js';
import type { Found } from '../../../config/project/discovery/find.js';
import { movedProject } from '../../../config/project/discovery/moved.js';
import type { LoadOptions } from '../../../config/project/load.js';
import type { ProjectSpec } from '../../../model/spec.js';
import { formatBytes } from '../../../shared/bytes.js';
import { uniqueProjectName } from '../../../shared/names.js';
import { type ActionOutcome, act, mannerOf } from '../../acting.js';
import { answer, type Cli, remark } from '../../cli.js';
import { findHere, readProject } from '../../locate-project.js';
import { ACTION_OPTIONS, CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { confirmLoss } from '../../prompt.js';
import { renderPlan } from '../../render/plan.js';
import { portText } from '../../render/ps.js';
import { ensureDaemon, runningDaemon } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const upVerb = {
  name: 'up',
  summary: 'Start a profile, or services and their dependencies; starts the daemon if it is not running',
  args: '[profile-or-service...]',
  options: [...CONFIG_OPTIONS, 'recreate', 'trust', 'engine', 'yes', ...ACTION_OPTIONS, ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run,
} satisfies Verb;

/** Reads the project here, starts a daemon if none runs, and brings the services up. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const found = await findHere(cli);
  const { profile, services } = await splitWords(found, args);
  const { spec, leftOut } = await load(cli, found, { profile, services: services.length > 0 ? services : null });
  const body = {
    spec,
    services: services.length > 0 ? services : null,
    recreate: cli.options.recreate ?? false,
    trust: cli.options.trust ?? false,
    ...mannerOf(cli),
  };
  if (body.services === null) await confirmOtherProfile(cli, body);
  const outcome = await act(cli, spec.name, 'up', body);
  const data = { project: spec.name, profile: spec.profile, plan: outcome.plan, services: outcome.result?.services ?? [], leftOut };
  answer(cli, data, () => summary(cli, spec, leftOut, outcome).join('\n'));
  // Services that are left out are named even with --quiet.
  if (cli.options.quiet && leftOut.length > 0) cli.err.write(`${without(spec, leftOut)}\n`);
  return 0;
}

/** Another profile of a project that is up removes what only the present one has: containers with the data in them. */
async function confirmOtherProfile(cli: Cli, body: Mutations['up']): Promise<void> {
  const { spec } = body;
  const known = (await cli.client.projects()).find(({ name }) => name === spec.name);
  if (known === undefined || known.profile === spec.profile || cli.options.yes || cli.options.dryRun) return;
  const { plan } = await act(cli, spec.name, 'up', { ...body, dryRun: true });
  const names = plan.stops.map(id => id.slice(id.indexOf('/') + 1));
  if (names.length === 0) return;
  await confirmLoss(
    cli,
    `${spec.name} is up with profile ${known.profile}; profile ${spec.profile} is without ${names.join(', ')}: stop and remove ${names.length === 1 ? 'it' : 'them'}?`,
  );
}

function without(spec: ProjectSpec, leftOut: readonly string[]): string {
  return `${spec.name} is up (${spec.profile}) without ${leftOut.join(', ')}: no Compose file defines ${leftOut.length === 1 ? 'it' : 'them'}`;
}

interface Loaded {
  readonly spec: ProjectSpec;
  readonly leftOut: readonly string[];
}

/** Errors of the files are found before a daemon is started. The project's name depends on the projects that the daemon knows. */
async function load(cli: Cli, found: Found, options: Omit<LoadOptions, 'taken'>): Promise<Loaded> {
  const early = (await runningDaemon(cli)) ? null : await readProject(cli, found, { ...options, taken: {} });
  await ensureDaemon(cli);
  const known = await cli.client.projects();
  const taken = Object.fromEntries(known.map(project => [project.name, project.root]));
  const moved = movedProject(found.root, known);
  if (moved) {
    const loaded = await readProject(cli, found, { ...options, taken, moved: moved.name });
    if (loaded.spec.name === moved.name) remark(cli, movedText(loaded.spec, moved.root));
    return loaded;
  }
  if (early && uniqueProjectName(early.spec.name, early.spec.root, taken) === early.spec.name) return early;
  return readProject(cli, found, { ...options, taken });
}

function movedText({ name, root }: ProjectSpec, from: string): string {
  return `The folder of project ${name} was ${from} and is ${root} now: it keeps its name and volumes. -p NAME starts it as another project.`;
}

function summary(cli: Cli, spec: ProjectSpec, leftOut: readonly string[], { plan, result }: ActionOutcome): string[] {
  if (!result) return renderPlan(plan, cli.options.dryRun ? 'would' : 'will');
  const asleep = result.services.filter(({ state }) => state === 'asleep').length;
  const up = result.services.length - asleep;
  const counts = [`${up} ${up === 1 ? 'service' : 'services'}`, ...(asleep > 0 ? [`${asleep} asleep`] : [])];
  const granted = `${formatBytes(plan.grantedAfter)} of ${formatBytes(plan.budget)} granted`;
  const missing = leftOut.length > 0 ? [cli.out.colours.yellow(`  ${without(spec, leftOut)}`)] : [];
  return [`${spec.name} is up (${spec.profile}): ${counts.join(', ')}, ${granted}`, ...missing, ...addresses(result.services)];
}

/** The addresses of the services. */
function addresses(services: readonly ServiceView[]): string[] {
  const published = services.filter(service => service.ports.length > 0);
  const width = Math.max(0, ...published.map(({ name }) => name.length));
  return published.map(({ name, ports, state }) => {
    const places = ports.map(port => (port.hostIp === '127.0.0.1' ? `127.0.0.1:${portText(port)}` : portText(port)));
    return `  ${name.padEnd(width)}  ${places.join(', ')}${state === 'asleep' ? '  asleep: a connection wakes it' : ''}`;
  });
}
