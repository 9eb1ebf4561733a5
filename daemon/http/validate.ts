import { readFileSync } from 'node:fs';
import { FailureError, failure } from '../core/failure.js';
import { departure, type JsonSchema } from './conforms.js';
import type { Bodies } from './contract.js';

/** The API's description, from the package's root: the same path from daemon/http and from dist/http. */
const DOCUMENT = new URL('../../docs/openapi.json', import.meta.url);

export function readDocument(): string {
  return readFileSync(DOCUMENT, 'utf8');
}

/**
 * The body as its type, or FailureError usage naming the first place that is wrong. The schemas are read for each request
 * (1 ms) and let go again: nothing of them stays in memory at rest.
 */
export function checkedBody<Name extends keyof Bodies>(name: Name, body: unknown): Bodies[Name] {
  const wrong = departure(schemas()[name], body);
  if (wrong !== null)
    throw new FailureError(failure('usage', `The request is not as docs/openapi.json has it: ${wrong}`, { schema: name }));
  return body as Bodies[Name];
}

function schemas(): Readonly<Record<keyof Bodies, JsonSchema>> {
  const document: { components: { schemas: Record<keyof Bodies, JsonSchema> } } = JSON.parse(readDocument());
  return document.components.schemas;
}
