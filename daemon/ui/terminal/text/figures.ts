import { type Bytes, GiB, KiB, MiB } from '../../../shared/bytes.js';
import type { Ms } from '../../../shared/span.js';

/** At most five characters, for columns: `0`, `640K`, `4.4M`, `297M`, `1.5G`, `10.2G`. Binary multiples. */
export function short(bytes: Bytes): string {
  if (bytes <= 0) return '0';
  if (bytes < 0.95 * MiB) return `${Math.max(1, Math.round(bytes / KiB))}K`;
  if (bytes < 999.5 * MiB) return `${brief(bytes / MiB)}M`;
  if (bytes < 99.95 * GiB) return `${Math.round((bytes / GiB) * 10) / 10}G`;
  if (bytes < 999.5 * GiB) return `${brief(bytes / GiB)}G`;
  return `${brief(bytes / (1024 * GiB))}T`;
}

function brief(value: number): string {
  return value < 9.95 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

/** `42s`, `4m12`, `1h05`, `3d`: at most five characters. */
export function countdown(ms: Ms): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}`;
  if (seconds < 100 * 3600) return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** % of a core, at most four characters: `0.4%`, `12%`, `800%`. */
export function percent(value: number): string {
  return `${value > 0 && value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value)}%`;
}

/** `1 connection`, `2 connections`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Bytes a second, for a sentence. */
export function rate(bytes: number | null): string {
  return bytes === null ? '?' : `${short(bytes)}/s`;
}

/** `23:41:02`, in local time. */
export function clock(at: Ms): string {
  const time = new Date(at);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
