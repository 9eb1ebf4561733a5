import { type Bytes, GiB, MiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';

/** Docker and Podman refuse a limit below this (docs/design/memory.md, "Budget and admission"). */
export const LEAST_MEMORY: Bytes = 6 * MiB;

/** As in the JSON Schema, where patterns have no flags. Same readings as shared/bytes parseBytes. */
export const SIZE = /^\s*\d+(\.\d+)?\s*([kKmMgGtT]([iI]?[bB])?|[bB])?\s*$/;
export const DURATION = /^(?=\d)(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

const UNITS: Readonly<Record<string, Ms>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Reads `90s`, `10m`, `1h30m` or `500ms` as ms; null for anything else. */
export function parseDuration(text: string): Ms | null {
  if (!DURATION.test(text)) return null;
  let total = 0;
  for (const [, figure, unit] of text.matchAll(/(?<!\d)(\d+)(h|ms|m|s)/g)) total += Number(figure) * (UNITS[unit ?? ''] ?? 0);
  return total;
}

/** Writes a duration as parseDuration reads it: `2h`, `10m`, `90s`, `1500ms`. */
export function formatDuration(ms: Ms): string {
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** Writes a size as people do in files, exactly: `256MB`, `1GB`; in bytes where it is no whole MB. */
export function formatSize(bytes: Bytes): string {
  if (bytes % GiB === 0) return `${bytes / GiB}GB`;
  return bytes % MiB === 0 ? `${bytes / MiB}MB` : String(bytes);
}
