import { PLAIN_ACTIVATION } from '../model/spec.js';
import { departure, type JsonSchema } from '../shared/json-schema.js';
import { readDocument } from './validate.js';

/** Where a parsed state file departs from an Intent; null: nowhere. Fields that an earlier version did not have are filled in. A definition is checked against the same schema as in an `up`. */
export function wrongIntent(value: unknown): string | null {
  const document: { components: { schemas: { Up: { properties: { spec: JsonSchema } } } } } = JSON.parse(readDocument());
  return departure(intentSchema(document.components.schemas.Up.properties.spec), upgraded(value), 'state');
}

function intentSchema(spec: JsonSchema): JsonSchema {
  const text = { type: 'string' } as const;
  const leaving = record({ volumes: { type: 'boolean' } });
  const names = { type: 'array', items: text } as const;
  const hours = record({ due: { anyOf: [{ const: 'up' }, { const: 'down' }, { type: 'null' }] }, closing: names, closed: names });
  const state = { spec, up: names, restart: names, recreate: names, leaving: { anyOf: [leaving, { type: 'null' }] } } satisfies Record<
    string,
    JsonSchema
  >;
  const project = record({ ...state, hours }, ['hours']);
  const figure = { anyOf: [{ type: 'number' }, { type: 'null' }] } satisfies JsonSchema;
  const memory = record({ id: text, standard: { type: 'number' }, maximum: { type: 'number' } });
  const pin = record({ id: text, project: text, services: names, until: figure });
  const trusted = record({ root: text, points: names, runs: { type: 'object', additionalProperties: text } });
  return record(
    {
      version: { const: 1 },
      projects: { type: 'array', items: project },
      trusted: { type: 'array', items: text },
      lastTrusted: { type: 'array', items: trusted },
      pins: { type: 'array', items: pin },
      budget: figure,
      learnt: { type: 'array', items: memory },
    },
    ['lastTrusted', 'pins', 'budget', 'learnt'],
  );
}

function record(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter(key => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** Earlier files do not record where the protocol comes from: it may have been guessed. */
const EARLIER = { ...PLAIN_ACTIVATION, protocolFrom: 'image' };

/** A file of an earlier version does not say how services sleep: the defaults apply. */
function upgraded(value: unknown): unknown {
  const projects = isRecord(value) && Array.isArray(value['projects']) ? value['projects'] : [];
  for (const project of projects) {
    const spec: unknown = isRecord(project) ? project['spec'] : null;
    if (!isRecord(spec)) continue;
    spec['schedule'] ??= null;
    spec['readers'] ??= {};
    const services: unknown = spec['services'];
    for (const service of Array.isArray(services) ? services : [])
      if (isRecord(service)) service['activation'] = { ...EARLIER, ...(isRecord(service['activation']) ? service['activation'] : {}) };
  }
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
