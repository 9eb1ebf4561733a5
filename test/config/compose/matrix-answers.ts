import { type MergeCase, suffixOf } from './matrix.js';
import type { Reduced } from './oracle.js';

/** What a case came to: its service, network and volume without what is empty in them; or that it is refused. */
export type Outcome = Reduced | 'refused';

const PARTS = { services: 'a', networks: 'n1', volumes: 'v1' } as const;

/** The part of a reduced project that belongs to the case, with its names as they are without the suffix. */
export function outcomeOf(project: Reduced, which: MergeCase): Reduced {
  const suffix = suffixOf(which);
  const own = Object.fromEntries(
    Object.entries(PARTS).map(([part, name]) => {
      const section = project[part];
      return [part, typeof section === 'object' && section !== null ? Reflect.get(section, `${name}${suffix}`) : undefined];
    }),
  );
  return compact(JSON.parse(JSON.stringify(own).replaceAll(suffix, ''))) as Reduced;
}

/** Maps without the keys whose values are empty. */
function compact(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, compact(inner)])
      .filter(([, inner]) => !isEmpty(inner)),
  );
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === false || value === 0 || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}
