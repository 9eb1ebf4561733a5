import type { AdviceView } from '../../api/views.js';
import type { WrittenMemory } from '../../config/project/write/memory.js';
import { type Bytes, formatBytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import { type TableColumn, table } from './table.js';

/** The advice as a table, and a line that says what it would save. */
export function renderAdvice(services: readonly AdviceView[], width: number): string[] {
  if (services.length === 0) return ['There are no services.'];
  const columns: TableColumn[] = [
    { title: 'SERVICE', gives: true, least: 10 },
    { title: 'STANDARD' },
    { title: 'MAXIMUM' },
    { title: 'FROM' },
  ];
  const rows = services.map(advice => [
    advice.service,
    figure(advice, advice.current.standard, advice.standard),
    figure(advice, advice.current.maximum, advice.maximum),
    basis(advice),
  ]);
  return [...table(columns, rows, width), '', sum(services)];
}

function figure({ enough }: AdviceView, now: Bytes, advised: Bytes): string {
  return enough && now !== advised ? `${formatBytes(now)} → ${formatBytes(advised)}` : formatBytes(now);
}

/** `1,240 points, 3 days`; until there are enough points, the time measured: `12 min of 1 h`. */
function basis({ enough, samples, days, measured, needed }: AdviceView): string {
  if (!enough) return samples === 0 ? 'not measured yet' : `${roughly(measured)} of ${roughly(needed)}`;
  const span = days < 1 ? `${Math.max(1, Math.round(days * 24))} h` : `${Math.round(days)} ${Math.round(days) === 1 ? 'day' : 'days'}`;
  return `${samples.toLocaleString('en-US')} points, ${span}`;
}

function roughly(ms: Ms): string {
  const minutes = Math.floor(ms / 60_000);
  return minutes >= 60 && minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

function sum(services: readonly AdviceView[]): string {
  const enough = services.filter(service => service.enough);
  if (enough.length === 0) return 'Not enough has been measured yet: a service has to run for an hour in total.';
  const saved = enough.reduce((total, { saves }) => total + saves, 0);
  const now = enough.reduce((total, { current }) => total + current.standard, 0);
  if (saved === 0) return `Together they reserve ${formatBytes(now)}, as recommended.`;
  const change = saved > 0 ? `${formatBytes(saved)} saved` : `${formatBytes(-saved)} more, which they used`;
  return `Together they would reserve ${formatBytes(now - saved)} instead of ${formatBytes(now)}: ${change}.`;
}

/** The result of --write: the lines that changed, file by file, and what could not be written. */
export function renderWritten({ files, left }: WrittenMemory): string[] {
  const changed = files.flatMap(({ file, before, after }) => [file, ...difference(before, after), '']);
  const rest = left.map(({ service, reason }) => `${service} is unchanged: ${reason}.`);
  if (files.length === 0)
    return [...rest, 'Nothing was written: the profile already has the recommended figures, or too little was measured.'];
  return [...changed, ...rest, 'laptop-dev up applies it.'];
}

/** Lines that were replaced or inserted, with their numbers; files change in no other way. */
function difference(before: string, after: string): string[] {
  const [old, now] = [before.split(/\r?\n/), after.split(/\r?\n/)];
  const lines: string[] = [];
  let from = 0;
  for (const [at, line] of now.entries()) {
    if (line === old[from]) {
      from += 1;
      continue;
    }
    const isNew = from >= old.length || now[at + 1] === old[from];
    if (!isNew) lines.push(`  ${from + 1} - ${old[from]?.trim()}`);
    if (!isNew) from += 1;
    lines.push(`  ${at + 1} + ${line.trim()}`);
  }
  return lines;
}
