import type { z } from 'zod';
import { nearestName } from '../../shared/nearest.js';
import type { Problem } from '../../shared/problem.js';
import type { YamlLocation } from './locations.js';
import { problemAt } from './yaml-file.js';

type Issue = z.core.$ZodIssue;

export interface Locator {
  /** Path in front of every key, as `services.api.x-laptop-dev`; empty for a whole file. */
  readonly prefix: string;
  /** Place of the value at a path; of the nearest thing around it when it is not there. */
  readonly value: (path: string) => YamlLocation;
  readonly key: (path: string) => YamlLocation;
  readonly known: (path: readonly PropertyKey[]) => readonly string[];
}

/** zod's findings as problems, one for each mistake, in the order of the file. */
export function toProblems(issues: readonly Issue[], input: unknown, locate: Locator): Problem[] {
  const problems = issues.flatMap(alternatives).flatMap(issue => problemsOf(issue, input, locate));
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

function problemsOf(issue: Issue, input: unknown, locate: Locator): Problem[] {
  const path = issue.path.map(String).join('.');
  const full = (inner: string) => [locate.prefix, inner].filter(part => part !== '').join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = locate.known(issue.path);
    return issue.keys.map(key => {
      const inner = path === '' ? key : `${path}.${key}`;
      const nearest = nearestName(key, known);
      return problemAt(locate.key(inner), full(inner), 'unknown key', `one of ${known.join(', ')}`, nearest);
    });
  }
  if (issue.code === 'invalid_key') {
    return [problemAt(locate.key(path), full(path), 'not a name', issue.issues[0]?.message ?? null)];
  }
  const found = valueAt(input, issue.path);
  const nearest = issue.code === 'invalid_value' && typeof found === 'string' ? nearestName(found, issue.values.map(String)) : null;
  return [problemAt(locate.value(path), full(path), `found ${describe(found)}`, issue.message, nearest)];
}

/**
 * A union ends in one message for all its alternatives. Where the value is of the kind that one of them wants, and of no other
 * (the list, the map), what that one finds wrong says more.
 */
function alternatives(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const [fitting, ...others] = issue.errors.filter(
    errors => !errors.some(inner => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  if (fitting === undefined || others.length > 0) return [issue];
  return fitting.flatMap(inner => alternatives({ ...inner, path: [...issue.path, ...inner.path] }));
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
