import { relative } from 'node:path';
import { innerPorts, listenersOf } from '../../../model/listeners.js';
import { speechOf } from '../../../model/protocols.js';
import type { ServiceSpec } from '../../../model/spec.js';
import { formatDuration } from '../../../shared/duration.js';
import type { ComposeProject, ComposeService } from '../../compose/types.js';
import { formatSize } from '../../profiles/units.js';

/** The input of a laptop-dev.yaml. */
export interface InitSource {
  readonly root: string;
  readonly compose: ComposeProject;
  readonly specs: readonly ServiceSpec[];
  /** Absolute; null: found under their usual names, which the file need not repeat. */
  readonly files: readonly string[] | null;
}

/** The most inferred ports that are listed in a comment of the file. */
const MOST_GUESSES = 12;

/** The text of a laptop-dev.yaml with one block for each service, and comments that say where a figure is from. */
export function initText(source: InitSource): string {
  const blocks = source.specs.map(spec => {
    const service = source.compose.services.find(candidate => candidate.name === spec.name);
    return serviceBlock(spec, service ?? null);
  });
  return `${header(source)}services:\n${blocks.join('\n')}`;
}

function header({ root, files }: InitSource): string {
  const listed = files?.map(file => JSON.stringify(relative(root, file))).join(', ');
  const compose =
    listed === undefined
      ? '# The Compose file beside this one is used, with its override file. Another: compose: [path]\n'
      : `compose: [${listed}]\n`;
  return `# Memory budgets for the services of this project, written by laptop-dev init. Change what you like;
# laptop-dev config validate checks it, laptop-dev up starts the project.
#
# memory    standard: what a service normally needs, reserved before it starts. maximum: its hard limit.
#           guessed: both are a starting point that grows with what is used while the budget has room; laptop-dev budget advice
#           --write puts what was learnt here. Without it they are limits.
# priority  0 to 100; a service with a higher one stays longer when memory is short.
# start     eager: with the project. on-demand: sleeps until a client connects to its port. manual: when it is named.
# idle      stop after this long without use, as 10m; the next connection wakes it. Or never.
# ports     what is spoken at a port of the container, as { 2525: { protocol: tcp } }: tcp, http, tls, postgres or redis.
# runtime   node, jvm, go, python, postgres or redis: fits the process to its memory. none: leaves it alone.
name: default
${compose}`;
}

function serviceBlock(spec: ServiceSpec, service: ComposeService | null): string {
  const lines = [
    `  ${spec.name}:`,
    memoryLine(spec, service),
    `    priority: ${spec.priority}`,
    `    start: ${spec.start}${wakes(spec)}`,
    `    idle: ${idle(spec)}`,
    ...protocolLines(spec),
    ...(spec.runtime === null ? [] : [`    runtime: ${spec.runtime}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function memoryLine({ memory }: ServiceSpec, service: ComposeService | null): string {
  const { standard, maximum, guessed } = memory;
  const figures = `standard: ${formatSize(standard)}, maximum: ${formatSize(maximum)}`;
  return guessed
    ? `    memory: { ${figures}, guessed: true } # not set in the Compose file`
    : `    memory: { ${figures} } # ${origin(service)}`;
}

/** An inferred protocol is written as a comment: as a setting it would override what the ports turn out to speak. */
function protocolLines(spec: ServiceSpec): string[] {
  const { protocols, protocolFrom } = spec.activation;
  const written = Object.entries(protocols).map(([port, protocol]) => `${port}: { protocol: ${protocol} }`);
  const guessed = innerPorts(spec)
    .slice(0, MOST_GUESSES)
    .flatMap(port => {
      const { protocol, source } = speechOf(spec, port);
      return source === 'written' ? [] : [`${port}: { protocol: ${protocol} }`];
    });
  return [
    ...(protocolFrom === 'person' && spec.protocol !== 'tcp' ? [`    protocol: ${spec.protocol}`] : []),
    ...(written.length > 0 ? [`    ports: { ${written.join(', ')} }`] : []),
    ...(guessed.length > 0 ? [`    # ports: { ${guessed.join(', ')} } # guessed; gives way to what is seen`] : []),
  ];
}

function wakes(spec: ServiceSpec): string {
  const listeners = spec.start === 'on-demand' ? listenersOf(spec) : [];
  return listeners.length > 0 ? ` # a connection to port ${listeners.map(listener => listener.port).join(' or ')} wakes it` : '';
}

/** In full where x-laptop-dev has a freezeAfter: `never` alone would take that away. */
function idle(spec: ServiceSpec): string {
  const { freezeAfter } = spec.activation;
  const stopAfter = spec.idle === null ? 'never' : formatDuration(spec.idle);
  return freezeAfter === null ? stopAfter : `{ freezeAfter: ${formatDuration(freezeAfter)}, stopAfter: ${stopAfter} }`;
}

function origin(service: ComposeService | null): string {
  const figures = service?.extension?.value as { memory?: unknown } | null | undefined;
  if (figures?.memory !== undefined) return 'as x-laptop-dev in the Compose file has it';
  return service?.memoryReservation == null ? 'maximum: the limit in the Compose file' : 'the limit and reservation in the Compose file';
}
