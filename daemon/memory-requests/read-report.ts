import type { ReportedMemory } from '../ports/memory-requests.js';

/** More than any machine has: a figure beyond it is none. */
const MOST = 2 ** 50;
const LONGEST_NAME = 200;

/** What a service answered, or null where that is not what it should be. It comes out of a container: nothing of it is believed unread. */
export function readReport(text: string | null): { readonly version: number; readonly word: ReportedMemory } | null {
  const value = parsed(text);
  if (value === null) return null;
  const { version, wants, holds, loading, model } = value;
  if (!isWhole(version) || !isWhole(holds) || !(wants === null || isWhole(wants))) return null;
  return { version, word: { wants, holds, loading: readLoading(loading), model: nameOf(model) } };
}

function readLoading(value: unknown): ReportedMemory['loading'] {
  if (!isObject(value)) return null;
  const model = nameOf(value['model']);
  const share = value['share'];
  return model === null || typeof share !== 'number' || !(share >= 0 && share <= 1) ? null : { model, share };
}

/** Shown in terminals: no control characters. */
function nameOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= LONGEST_NAME && /^[\w.-]+$/.test(value) ? value : null;
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string | null): Readonly<Record<string, unknown>> | null {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
