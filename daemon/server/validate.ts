import { readFileSync } from 'node:fs';
import type { Bodies } from '../api/contract.js';
import { FailureError, failure } from '../shared/failure.js';
import { departure, type JsonSchema } from '../shared/json-schema.js';

/** The API's description, from the package's root: the same path from daemon/server and from dist/server. */
const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url);

export function readDocument(): string {
  return readFileSync(DOCUMENT, 'utf8');
}

/** Each schema that was used, as text: it takes 4 ms to read the whole document (170 KB), and parsed schemas would take more memory at rest. */
const texts = new Map<keyof Bodies, string>();

/** The body as its type, or FailureError usage naming the first place that is wrong. */
export function checkedBody<Name extends keyof Bodies>(name: Name, body: unknown): Bodies[Name] {
  const wrong = departure(schemaOf(name), body);
  if (wrong !== null) throw new FailureError(failure('usage', `The request does not match docs/openapi.json: ${wrong}`, { schema: name }));
  return body as Bodies[Name];
}

function schemaOf(name: keyof Bodies): JsonSchema {
  const known = texts.get(name);
  if (known !== undefined) return JSON.parse(known);
  const document: { components: { schemas: Record<keyof Bodies, JsonSchema> } } = JSON.parse(readDocument());
  const schema = document.components.schemas[name];
  texts.set(name, JSON.stringify(schema));
  return schema;
}
