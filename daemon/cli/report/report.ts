import { homedir } from 'node:os';
import { stringify } from 'yaml';
import { Client } from '../../client/client.js';
import { loadProject } from '../../config/project/load.js';
import type { ProjectSpec } from '../../model/spec.js';
import { FailureError } from '../../shared/failure.js';
import { shown } from '../../shared/printable.js';
import { formatProblem } from '../../shared/problem.js';
import { redactor } from '../../shared/redact.js';
import type { Cli } from '../cli.js';
import { gather } from '../commands/diagnose/gather-evidence.js';
import { findHere } from '../locate-project.js';
import { runningDaemon } from '../start-daemon.js';
import { hiddenSpec } from './hidden-spec.js';
import { knownHere } from './known.js';
import { variablesOfAll } from './others.js';
import { daemonSections, doctor, logs, machineSection, orReason, type Section, settings, versions } from './sections.js';

/** How long the daemon may take to answer at all, ms: a daemon that hangs is what is reported then. */
const ANSWERS_WITHIN = 5000;
/** A socket without a listener. */
const NO_DAEMON = '/dev/null/no-daemon';

/** The report, redacted. Needs neither daemon nor engine: a part that is not available is named, with the reason. `now`: ms since the epoch. */
export async function reportText(caller: Cli, profile: string | null, now: number): Promise<string> {
  const home = caller.env['HOME'] ?? homedir();
  const why = await silentDaemon(caller);
  const cli = why === null ? caller : { ...caller, client: new Client(NO_DAEMON) };
  const [evidence, project] = await Promise.all([gather(cli, profile).catch((error: unknown) => String(error)), projectHere(cli, profile)]);
  const known = knownHere(cli, home, typeof evidence === 'string' ? null : evidence, project.spec, await variablesOfAll(cli));
  const sections: Section[] =
    typeof evidence === 'string'
      ? [{ title: 'Versions', lines: [`laptop-dev ${cli.version}`, `node ${process.version}`, evidence] }]
      : [
          { title: 'Versions', lines: versions(cli, evidence) },
          { title: 'Machine', lines: await orReason(() => machineSection(cli, evidence)) },
          { title: 'Doctor', lines: doctor(evidence) },
        ];
  sections.push({ title: 'Settings', lines: settings(cli) }, ...(await daemonSections(cli, why)));
  sections.push({ title: 'Configuration', lines: project.lines }, ...(await logs(cli, home)));
  const head = `laptop-dev report of ${new Date(now).toISOString().slice(0, 10)}. Secrets that were recognised are taken out: read it before you send it.`;
  // The file is shown by other programs, on terminals.
  return shown(
    redactor(known)(
      [head, ...sections.flatMap(({ title, lines }) => ['', `## ${title}`, ...(lines.length > 0 ? lines : ['none'])]), ''].join('\n'),
    ),
  );
}

/** Why no daemon can be asked; null when one answers. */
async function silentDaemon(cli: Cli): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>(resolve => {
    timer = setTimeout(
      () => resolve(`The daemon at ${cli.paths.socket} gave no answer within ${ANSWERS_WITHIN / 1000} s.`),
      ANSWERS_WITHIN,
    );
  });
  const asked = runningDaemon(cli).then(view => (view ? null : 'No daemon runs.'), (error: unknown) => String(error)); // biome-ignore format: short
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The project here, resolved; else what is wrong with it. */
async function projectHere(
  cli: Cli,
  profile: string | null,
): Promise<{ readonly spec: ProjectSpec | null; readonly lines: readonly string[] }> {
  try {
    const loaded = await loadProject(await findHere(cli), { profile, services: null, taken: {} });
    const { spec, failure, warnings } = loaded;
    const said = [...warnings.map(formatProblem), ...(failure ? [`${failure.code}: ${failure.message}`] : [])];
    if (spec === null) return { spec, lines: said };
    return { spec, lines: [...said, ...stringify(hiddenSpec(spec), { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd().split('\n')] };
  } catch (error) {
    return { spec: null, lines: [error instanceof FailureError ? `${error.failure.code}: ${error.failure.message}` : String(error)] };
  }
}
