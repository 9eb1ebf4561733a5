import type { ExecOptions } from '../ports/ports.js';

/** A text frame that a client sends in an exec session. */
export type Control =
  | { readonly kind: 'start'; readonly options: ExecOptions; readonly columns: number | null; readonly rows: number | null }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'eof' };

/** Reads a text frame; null for anything that is not exactly one of the three. */
export function readControl(text: string): Control | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  if (isRecord(value['start'])) return readStart(value['start']);
  if (value['eof'] === true) return { kind: 'eof' };
  const size = value['resize'];
  if (!isRecord(size)) return null;
  const [columns, rows] = [side(size['columns']), side(size['rows'])];
  return columns !== null && rows !== null ? { kind: 'resize', columns, rows } : null;
}

function readStart(start: Record<string, unknown>): Control | null {
  const { command, tty, user = null, workingDir = null, environment = {}, beside = false } = start;
  if (!Array.isArray(command) || command.length === 0 || !command.every(isText) || typeof tty !== 'boolean' || typeof beside !== 'boolean')
    return null;
  if (!(user === null || isText(user)) || !(workingDir === null || isText(workingDir)) || !isRecord(environment)) return null;
  const pairs = Object.entries(environment).flatMap(([key, value]) => (isText(value) ? [[key, value] as const] : []));
  if (pairs.length !== Object.keys(environment).length) return null;
  const options = { command, tty, user, workingDir, environment: Object.fromEntries(pairs), ...(beside ? { beside } : {}) };
  return { kind: 'start', options, columns: side(start['columns']), rows: side(start['rows']) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

/** Columns or rows of a terminal. */
function side(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 10_000 ? value : null;
}
