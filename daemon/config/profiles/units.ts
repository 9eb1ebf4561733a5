import { type Bytes, GiB, MiB } from '../../shared/bytes.js';

/** Docker and Podman refuse a limit below this (docs/design/memory.md, "Budget and admission"). */
export const LEAST_MEMORY: Bytes = 6 * MiB;

/** As in the JSON Schema, where patterns have no flags. Same readings as shared/bytes parseBytes. */
export const SIZE = /^\s*\d+(\.\d+)?\s*([kKmMgGtT]([iI]?[bB])?|[bB])?\s*$/;

/** Writes a size exactly, in the largest unit that divides it: `256MB`, `1GB`; in bytes where it is no whole MB. */
export function formatSize(bytes: Bytes): string {
  if (bytes % GiB === 0) return `${bytes / GiB}GB`;
  return bytes % MiB === 0 ? `${bytes / MiB}MB` : String(bytes);
}
