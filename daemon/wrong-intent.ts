import { departure, type JsonSchema } from './http/conforms.js';
import { readDocument } from './http/validate.js';

/** Says where a parsed state file departs from an Intent; null when it does not. A definition is held to the same schema as in an `up`. */
export function wrongIntent(value: unknown): string | null {
  const document: { components: { schemas: { Up: { properties: { spec: JsonSchema } } } } } = JSON.parse(readDocument());
  return departure(intentSchema(document.components.schemas.Up.properties.spec), value, 'state');
}

function intentSchema(spec: JsonSchema): JsonSchema {
  const text = { type: 'string' } as const;
  const leaving = record({ volumes: { type: 'boolean' } });
  const names = { type: 'array', items: text } as const;
  const hours = record({ due: { anyOf: [{ const: 'up' }, { const: 'down' }, { type: 'null' }] }, closing: names, closed: names });
  const state: Readonly<Record<string, JsonSchema>> = {
    spec,
    up: names,
    restart: names,
    recreate: names,
    leaving: { anyOf: [leaving, { type: 'null' }] },
  };
  const project = record({ ...state, hours }, Object.keys(state));
  return record({ version: { const: 1 }, projects: { type: 'array', items: project }, trusted: { type: 'array', items: text } });
}

function record(properties: Readonly<Record<string, JsonSchema>>, required = Object.keys(properties)): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}
