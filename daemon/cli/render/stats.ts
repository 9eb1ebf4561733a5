import type { Live, LiveService } from '../../api/live.js';
import { formatBytes, MiB } from '../../shared/bytes.js';
import { formatSpan } from '../../shared/span.js';
import type { Colours } from '../cli.js';
import { coloured, usedOf } from './ps.js';
import { type TableColumn, table } from './table.js';

interface StatsOptions {
  /** With a column that names the project. */
  readonly projects: boolean;
  readonly width: number;
  readonly colours: Colours;
}

/** The table of `stats`, and below it the budget and the machine in one line. */
export function renderStats({ services, budget, host }: Live, options: StatsOptions): string[] {
  const { projects, width, colours } = options;
  const columns: TableColumn[] = [
    ...(projects ? [{ title: 'PROJECT', gives: true, least: 8 }] : []),
    { title: 'NAME', gives: true, least: 10 },
    { title: 'STATE' },
    { title: 'MEMORY', align: 'right' },
    { title: '%', align: 'right' },
    { title: 'CPU', align: 'right' },
    { title: 'NET IN/OUT', align: 'right' },
    { title: 'DISK IN/OUT', align: 'right' },
    { title: 'PIDS', align: 'right' },
    { title: 'STOPS IN', align: 'right' },
  ];
  const sorted = [...services].sort((a, b) => a.project.localeCompare(b.project) || a.name.localeCompare(b.name));
  const rows = sorted.map(service => [...(projects ? [service.project] : []), ...cells(service, colours)]);
  const pressure = host.pressure === 'none' ? '' : `; ${host.pressure} pressure`;
  const granted = `${formatBytes(budget.granted)} of ${formatBytes(budget.budget)} granted, ${formatBytes(budget.workingSet)} in use`;
  const machine = `${formatBytes(host.available)} of ${formatBytes(host.total)} available${pressure}`;
  return [...table(columns, rows, width), '', `${granted}; ${machine}`];
}

function cells(service: LiveService, colours: Colours): string[] {
  const { name, usage, memory, stopsIn } = service;
  const share = usage === null || memory.grant === 0 ? null : (usage.workingSet / memory.grant) * 100;
  return [
    name,
    coloured(service, colours),
    usedOf(usage?.workingSet ?? null, memory.grant),
    known(share, value => value.toFixed(0)),
    known(usage?.cpu ?? null, value => `${value.toFixed(1)}%`),
    pair(usage?.netIn ?? null, usage?.netOut ?? null),
    pair(usage?.blockIn ?? null, usage?.blockOut ?? null),
    known(usage?.pids ?? null, String),
    known(stopsIn, formatSpan),
  ];
}

function pair(one: number | null, other: number | null): string {
  return one === null && other === null ? '-' : `${known(one, rateText)}/${known(other, rateText)}`;
}

function known(value: number | null, text: (value: number) => string): string {
  return value === null ? '-' : text(value);
}

/** Bytes a second, short: `0`, `900`, `1.2k`, `34k`, `5.6M`. */
export function rateText(bytes: number): string {
  if (bytes < 1024) return String(Math.round(bytes));
  const [value, unit] = bytes < MiB ? [bytes / 1024, 'k'] : [bytes / MiB, 'M'];
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${unit}`;
}
