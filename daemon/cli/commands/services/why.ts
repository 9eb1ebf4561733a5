import type { WhyView } from '../../../api/contract.js';
import { formatBytes } from '../../../shared/bytes.js';
import { answer, type Cli } from '../../cli.js';
import { projectOf } from '../../locate-project.js';
import { OUTPUT_OPTIONS, PROJECT_OPTIONS } from '../../parser/options.js';
import { eventLine } from '../../render/events.js';
import { portText, usedOf } from '../../render/ps.js';
import { wrapCell } from '../../render/table.js';
import type { Verb } from '../../verb.js';

export const whyVerb = {
  name: 'why',
  summary: 'Explain why a service is in its state',
  args: '<service>',
  options: [...PROJECT_OPTIONS, ...OUTPUT_OPTIONS],
  completes: 'services',
  run,
} satisfies Verb;

/** Why a service is in its state, and what last happened to it. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const why = await cli.client.why(await projectOf(cli), args[0] ?? '');
  answer(cli, why, () => render(why, cli).join('\n'));
  return 0;
}

const SOURCES = { written: 'as written', known: 'by image and number', seen: 'seen', guessed: 'guessed' } as const;

/** Where `is` before the state would be wrong. */
const STATES: Readonly<Partial<Record<WhyView['service']['state'], string>>> = { failed: 'has failed' };

function speechText({ port, protocol, source }: WhyView['service']['speaks'][number]): string {
  return `${port} ${protocol} (${SOURCES[source]})`;
}

function render({ service, notices }: WhyView, cli: Cli): string[] {
  const { memory } = service;
  const health = service.health === 'none' ? '' : ` and ${service.health}`;
  const guessed = memory.guessed ? ' (both guessed: they grow with what is used while the budget has room)' : '';
  const limits = `standard ${formatBytes(memory.standard)}, maximum ${formatBytes(memory.maximum)}${guessed}`;
  const held = memory.grant === 0 ? 'nothing granted' : `${usedOf(memory.workingSet, memory.grant)} of its grant in use`;
  return [
    ...wrapCell(
      `${service.name} ${STATES[service.state] ?? `is ${service.state}`}${health}: ${service.why}`,
      Math.max(40, cli.out.columns()),
    ),
    `  memory      ${held}; ${limits}`,
    ...(service.speaks.length > 0 ? [`  speaks      ${service.speaks.map(speechText).join(', ')}`] : []),
    ...(service.enginePorts.length > 0
      ? [`  reached at  ${service.enginePorts.map(portText).join(', ')} (the engine's; changes with each start)`]
      : []),
    ...(service.dependsOn.length > 0 ? [`  depends on  ${service.dependsOn.join(', ')}`] : []),
    ...(service.crashes + service.ooms > 0 ? [`  trouble     ${service.crashes} crashes, ${service.ooms} kills at the limit`] : []),
    ...(notices.length > 0
      ? ['', ...notices.map(notice => `  ${eventLine(notice, { project: false, width: 0, colours: cli.out.colours })}`)]
      : []),
  ];
}
