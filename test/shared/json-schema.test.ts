import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BODIES } from '../../daemon/server/schema/bodies.js';
import { readDocument } from '../../daemon/server/validate.js';
import { departure, type JsonSchema } from '../../daemon/shared/json-schema.js';
import { spec } from '../server/harness.js';
import { rounds } from '../support/deep.js';

const SCHEMAS: Record<string, JsonSchema> = JSON.parse(readDocument()).components.schemas;
const good = { Up: { spec: spec({ A: 'b' }), services: ['api'], wait: true, waitTimeout: 5 }, Services: { services: ['a.B_c'] }, Down: { volumes: true }, Clean: { project: 'shop' }, Empty: {} }; // biome-ignore format: a table

/** The same tree with the value at one place, counted through the tree, replaced, or its key renamed. */
function changedAt(value: unknown, place: { left: number }, by: unknown): unknown {
  if (place.left-- === 0) return by;
  if (Array.isArray(value)) return value.map(item => changedAt(item, place, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [place.left-- === 0 ? `${key}x` : key, changedAt(item, place, by)]));
}

/** Enough that some of them are refused. */
const RUNS = Math.max(100, rounds(5_000));

describe('departure', () => {
  it.each(Object.entries(good))('accepts a right %s', (name, body) => {
    expect(departure(SCHEMAS[name] ?? {}, body)).toBeNull();
  });

  it('agrees with zod on every change of a right body', () => {
    const odd = fc.oneof(
      fc.constantFrom(null, '', 'x', '-x', '../x', 'tcp', 'bind', 0, -1, 1.5, 65_536, 1e300, Number.MAX_SAFE_INTEGER + 1, true, {}, [], [''], { a: 1 }, { a: 'b' }),
      fc.jsonValue({ maxDepth: 2 }),
    ); // biome-ignore format: a table
    const names = fc.constantFrom('Up', 'Up', 'Up', 'Services', 'Down', 'Clean', 'Empty') as fc.Arbitrary<keyof typeof good>;
    let refused = 0;
    fc.assert(
      fc.property(names, fc.nat(220), odd, (name, left, by) => {
        const body = JSON.parse(JSON.stringify(changedAt(good[name], { left }, by)));
        const ours = departure(SCHEMAS[name] ?? {}, body);
        if (ours !== null) refused++;
        expect([ours, ours === null]).toEqual([ours, BODIES[name].safeParse(body).success]);
      }),
      { numRuns: RUNS },
    );
    expect(refused).toBeGreaterThan(RUNS / 10);
  });

  it('names the place of the deepest complaint and never the value', () => {
    const body = JSON.parse(JSON.stringify(good.Up));
    body.spec.services[0].container.mounts[0].readOnly = 'secret';
    expect(departure(SCHEMAS['Up'] ?? {}, body)).toBe('body.spec.services[0].container.mounts[0].readOnly: expected boolean');
  });

  it('throws on a keyword it does not know', () => {
    expect(() => departure({ minLength: 3 } as JsonSchema, 'x')).toThrow('minLength');
  });
});
