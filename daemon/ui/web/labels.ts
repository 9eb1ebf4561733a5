import type { Live, LiveHost, LiveService } from '../../api/live.js';
import type { LoggedNotice } from '../../api/notice.js';
import type { Plan } from '../../api/plan.js';
import type { ServiceView } from '../../api/views.js';
import { heldOf } from '../../api/windows-held.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import { formatSpan } from '../../shared/span.js';

/** A sign beside the word of each state: what colour says is also said without it. */
export const SIGNS: Readonly<Record<ServiceView['state'], string>> = {
  running: '●',
  starting: '◐',
  frozen: '‖',
  stopping: '◑',
  asleep: '○',
  stopped: '□',
  failed: '✕',
};

export function stateLabel({ state, health }: ServiceView): string {
  return state === 'running' && health === 'unhealthy' ? 'unhealthy' : state;
}

/** What is used of the grant; what holds none says its standard. */
export function memoryLabel({ memory, usage }: LiveService): string {
  if (memory.grant === 0) return `standard ${formatBytes(memory.standard)}`;
  return `${usage ? formatBytes(usage.workingSet) : '?'} of ${formatBytes(memory.grant)}`;
}

export function memoryTitle({ memory, usage }: LiveService): string {
  const used = usage ? `working set ${formatBytes(usage.workingSet)}, ` : '';
  const all = usage?.usage ? `with cache ${formatBytes(usage.usage)}, ` : '';
  const grant = memory.grant > 0 ? `grant ${formatBytes(memory.grant)}` : 'nothing granted';
  return `${used}${all}standard ${formatBytes(memory.standard)}, ${grant}, maximum ${formatBytes(memory.maximum)}`;
}

export function percentShown(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

export function rateShown(bytes: Bytes | null): string {
  if (bytes === null) return '–';
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB/s` : `${formatBytes(bytes)}/s`;
}

/** What is free on Windows and what it holds for WSL's machines, by the names of Task Manager; what is not known is left out. */
export function windowsFigures({ windows }: LiveHost): readonly (readonly [name: string, value: string])[] {
  if (!windows) return [];
  const { wsl, wslc, together } = heldOf(windows.machines);
  const held = [['VmmemWSL', wsl], ['vmmem, all machines', together], ['WSL containers', wslc]] as const; // biome-ignore format: pairs
  return [
    ['Windows', `${formatBytes(windows.free)} of ${formatBytes(windows.total)} free`],
    ...held.flatMap(([name, bytes]) => (bytes ? [[name, formatBytes(bytes)] as const] : [])),
  ];
}

/** `4m 12s`. `left`: ms. */
export function countdownShown(left: number): string {
  return formatSpan(Math.max(0, Math.ceil(left / 1000) * 1000));
}

/** `goes as number 2, frees 410 MB`, or why it stays. */
export function nextLabel({ next, protectedBy, memory }: LiveService): string {
  if (next) return `goes as number ${next.rank}, frees ${formatBytes(next.frees)}`;
  if (protectedBy !== null) return `stays: ${protectedBy}`;
  return memory.grant > 0 ? 'has no rank yet' : 'holds nothing';
}

/** `✕ 1 crash, 2 kills at the limit`, or `none`. */
export function troubleLabel({ crashes, ooms }: LiveService): string {
  const parts = [
    ...(crashes > 0 ? [`${crashes} ${crashes === 1 ? 'crash' : 'crashes'}`] : []),
    ...(ooms > 0 ? [`${ooms} ${ooms === 1 ? 'kill' : 'kills'} at the limit`] : []),
  ];
  return parts.length === 0 ? 'none' : `✕ ${parts.join(', ')}`;
}

export function factsOf({ daemon, engine, projects }: Live): string {
  const profiles = [...new Set(projects.map(({ profile }) => profile).filter(Boolean))];
  const parts = [
    engine ? `${engine.kind} ${engine.version}` : 'no container engine',
    ...(profiles.length > 0 ? [`profile ${profiles.join(', ')}`] : []),
    `daemon ${daemon.version}: ${formatBytes(daemon.rss)}, ${percentShown(daemon.cpu)} CPU`,
  ];
  return parts.join(' · ');
}

export interface PlanLine {
  readonly verb: string;
  readonly what: string;
}

/** What an action would do, most painful first; nothing: an empty list. */
export function planLines(plan: Plan): readonly PlanLine[] {
  return [
    ...plan.stops.map(id => ({ verb: 'stop', what: id })),
    ...plan.evicts.map(id => ({ verb: 'put to sleep', what: `${id}, to make room; a connection wakes it` })),
    ...plan.shrinks.map(({ id, to }) => ({ verb: 'shrink', what: `${id} to ${formatBytes(to)}, to make room` })),
    ...plan.starts.map(({ id, grant, recreate }) => ({
      verb: 'start',
      what: `${id}, limit ${formatBytes(grant)}${recreate ? ', made anew' : ''}`,
    })),
    ...plan.sleeps.map(id => ({ verb: 'listen', what: `${id}: asleep until a client connects` })),
    ...plan.keeps.map(id => ({ verb: 'keep', what: id })),
  ];
}

/** What would be left of the budget. */
export function planSum({ budget, grantedBefore, grantedAfter }: Plan): string {
  const left = `${formatBytes(budget - grantedAfter)} of ${formatBytes(budget)} left`;
  return grantedBefore === grantedAfter
    ? `Granted stays ${formatBytes(grantedAfter)}; ${left}.`
    : `Granted ${formatBytes(grantedBefore)} → ${formatBytes(grantedAfter)}; ${left}.`;
}

export function timeShown(at: number): string {
  return new Date(at).toTimeString().slice(0, 8);
}

export function noticeSubject({ project, service }: LoggedNotice): string {
  return service === null ? project : `${project}/${service}`;
}
