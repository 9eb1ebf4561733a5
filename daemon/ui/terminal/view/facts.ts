import type { LiveService } from '../../../api/live.js';
import { formatBytes } from '../../../shared/bytes.js';
import { formatSpan } from '../../../shared/span.js';
import type { Row } from '../cells.js';
import { type DashboardState, shownNow } from '../state.js';
import { plural, rate, short } from '../text/figures.js';
import { stopsIn } from './labels.js';
import { factRows } from './parts.js';

/** All that is known of a service, a label a line. */
export function serviceFacts(dash: DashboardState, service: LiveService, columns: number): readonly Row[] {
  const { memory, usage, next, protectedBy, connections, crashes, ooms } = service;
  const left = stopsIn(service, dash);
  const holds = memory.grant > 0;
  const sleep =
    left === null
      ? holds
        ? `does not stop by itself${protectedBy ? `: ${protectedBy}` : ''}`
        : ''
      : `stops in ${formatSpan(left)} unless it is used`;
  const rank = next
    ? `#${next.rank} to go when memory is short; frees ${formatBytes(next.frees)}`
    : holds
      ? 'stays when memory is short'
      : '';
  const facts: (readonly [string, string])[] = [
    ['address', addressesOf(service)],
    ['sleep', sleep],
    ['rank', rank],
    ['limits', `standard ${short(memory.standard)}, grant ${holds ? short(memory.grant) : 'none'}, maximum ${short(memory.maximum)}`],
    ['usage', usageOf(service)],
    ['network', usage ? `in ${rate(usage.netIn)}, out ${rate(usage.netOut)}; ${plural(connections, 'connection')}` : ''],
    ['disk', usage ? `read ${rate(usage.blockIn)}, written ${rate(usage.blockOut)}` : ''],
    ['processes', usage?.pids == null ? '' : String(usage.pids)],
    [
      'stalls',
      usage ? (usage.psi ? `memory PSI some ${usage.psi.some10.toFixed(1)} %, full ${usage.psi.full10.toFixed(1)} %` : 'no PSI') : '',
    ],
    ['needs', withStates(dash, service, service.dependsOn)],
    ['needed by', withStates(dash, service, dependantsOf(dash, service))],
    [
      'trouble',
      crashes + ooms === 0
        ? ''
        : [crashes > 0 ? `crashed ${crashes} ×` : '', ooms > 0 ? `OOM kills: ${ooms}` : ''].filter(Boolean).join(', '),
    ],
  ];
  return facts.flatMap(([label, text]) => (text === '' ? [] : factRows(label, text, columns, label === 'trouble' ? 'warn' : 'plain')));
}

/** Where a program connects to: the service's own ports, and its container past them. */
export function addressesOf({ ports, address }: LiveService): string {
  const published = ports.map(({ hostIp, host, container, protocol }) => {
    const at = `${hostIp.includes(':') ? `[${hostIp}]` : hostIp === '0.0.0.0' ? '*' : hostIp}:${host}`;
    return `${at}${host === container ? '' : ` → ${container}`}${protocol === 'udp' ? '/udp' : ''}`;
  });
  return [...published, ...(address ? [`container ${address}`] : [])].join(', ');
}

/** The OOM killer acts on the usage, cache included. */
function usageOf({ usage }: LiveService): string {
  if (!usage) return '';
  if (usage.usage === null) return `working set ${short(usage.workingSet)}`;
  return `${short(usage.usage)} = working set ${short(usage.workingSet)} + ${short(usage.usage - usage.workingSet)} cache that can be dropped`;
}

function dependantsOf({ live }: DashboardState, { project, name }: LiveService): readonly string[] {
  return (live?.services ?? []).filter(other => other.project === project && other.dependsOn.includes(name)).map(other => other.name);
}

function withStates({ live }: DashboardState, { project }: LiveService, names: readonly string[]): string {
  const stateOf = (name: string) =>
    live?.services.find(other => other.project === project && other.name === name)?.state ?? 'not part of it';
  return names.map(name => `${name} (${stateOf(name)})`).join(', ');
}

/** `up 2 h 5 m`; empty: it does not run. */
export function upFor(dash: DashboardState, { since }: LiveService): string {
  return since === null ? '' : `up ${formatSpan(shownNow(dash) - since)}`;
}
