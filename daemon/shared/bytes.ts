/** An amount of memory in bytes. */
export type Bytes = number;

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: KiB,
  kb: KiB,
  kib: KiB,
  m: MiB,
  mb: MiB,
  mib: MiB,
  g: GiB,
  gb: GiB,
  gib: GiB,
  t: 1024 * GiB,
  tb: 1024 * GiB,
  tib: 1024 * GiB,
};

/**
 * Reads a size such as `256MB`, `1.5 GiB` or `1073741824`; units in any case. MB and MiB both mean 1,048,576 bytes, as in
 * Compose files and in Docker's own `--memory` (docker/go-units RAMInBytes). Returns null for anything else.
 */
export function parseBytes(text: string): Bytes | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const factor = FACTORS[match?.[2]?.toLowerCase() ?? '?'];
  if (!match || factor === undefined) return null;
  const bytes = Math.floor(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Writes a size for people: `256 MB`, `1.5 GB`, `0 MB`; binary multiples, at most one decimal. */
export function formatBytes(bytes: Bytes): string {
  const [value, unit] = Math.abs(bytes) >= GiB ? [bytes / GiB, 'GB'] : [bytes / MiB, 'MB'];
  const rounded = unit === 'GB' || Math.abs(value) < 10 ? Math.round(value * 10) / 10 : Math.round(value);
  return `${rounded} ${unit}`;
}
