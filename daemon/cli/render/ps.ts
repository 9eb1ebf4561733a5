import type { ServiceView } from '../../api/views.js';
import { type Bytes, formatBytes, GiB, MiB } from '../../shared/bytes.js';
import { formatSpan } from '../../shared/span.js';
import type { Colours } from '../cli.js';
import { type TableColumn, table } from './table.js';

const LOAD_CELLS = 8;

/** The table of `ps`. `projects`: with a column that names the project. */
export function renderServices(
  services: readonly ServiceView[],
  options: { projects: boolean; width: number; colours: Colours },
): string[] {
  const columns: TableColumn[] = [
    ...(options.projects ? [{ title: 'PROJECT', gives: true, least: 8 }] : []),
    { title: 'NAME', gives: true, least: 10 },
    { title: 'STATE' },
    { title: 'HEALTH' },
    { title: 'MEMORY', align: 'right' },
    { title: 'PORTS', gives: true, least: 10 },
    { title: 'WHY', gives: true, least: 12 },
  ];
  const rows = services.map(service => [
    ...(options.projects ? [service.project] : []),
    service.name,
    coloured(service, options.colours),
    healthText(service),
    `${usedOf(service.memory.workingSet, service.memory.grant)}${service.memory.guessed && service.memory.grant > 0 ? '~' : ''}`,
    service.ports.map(port => `${portText(port)}${guessOf(service, port)}`).join(', ') || '-',
    `${loadBar(service)}${service.stopsIn === null ? '' : `stops in ${formatSpan(service.stopsIn)}; `}${service.why}`,
  ]);
  return table(columns, rows, options.width);
}

/** `unprobed`: it runs, and there is nothing to probe; `not ready`: it runs, and its ports do not answer. */
export function healthText({ health, ready }: ServiceView): string {
  if (health !== 'none') return health;
  return ready === 'unprobed' ? 'unprobed' : ready === 'unready' ? 'not ready' : '-';
}

/** ` http?` after a port whose protocol is inferred from its number or image alone; tcp cannot be wrong. */
function guessOf({ speaks }: ServiceView, port: ServiceView['ports'][number]): string {
  const speech = port.protocol === 'tcp' ? speaks.find(each => each.port === port.container) : undefined;
  return speech?.source === 'guessed' && speech.protocol !== 'tcp' ? ` ${speech.protocol}?` : '';
}

/** The bar before the text that names the model. */
function loadBar({ loading }: ServiceView): string {
  if (loading === null) return '';
  const full = Math.round(loading.share * LOAD_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(LOAD_CELLS - full)} `;
}

/** The state in its colour. */
export function coloured({ state, health }: ServiceView, colours: Colours): string {
  if (state === 'failed' || health === 'unhealthy') return colours.red(state);
  if (state === 'running') return colours.green(state);
  return state === 'starting' || state === 'stopping' ? colours.yellow(state) : colours.dim(state);
}

/** `112/512 MB`: the working set of the grant, in the grant's unit; `-` while nothing is granted. */
export function usedOf(used: Bytes | null, grant: Bytes): string {
  if (grant === 0) return '-';
  if (used === null) return `?/${formatBytes(grant)}`;
  const unit = grant >= GiB ? GiB : MiB;
  const value = used / unit;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}/${formatBytes(grant)}`;
}

/** `3000`, `8080→80`, `0.0.0.0:53/udp`: what is usual is left out. */
export function portText(port: ServiceView['ports'][number]): string {
  const at = port.hostIp === '127.0.0.1' ? '' : `${port.hostIp.includes(':') ? `[${port.hostIp}]` : port.hostIp}:`;
  const inside = port.host === port.container ? '' : `→${port.container}`;
  return `${at}${port.host}${inside}${port.protocol === 'udp' ? '/udp' : ''}`;
}
