import { z } from 'zod';
import { ANSWERS } from './answers.js';
import { BODIES } from './bodies.js';
import { type ApiEndpoint, ENDPOINTS } from './endpoints.js';
import { LIVE_ANSWERS } from './live.js';

type Json = Record<string, unknown>;

/**
 * The API's description (OpenAPI 3.1), made from the zod schemas. docs/openapi.json is this, written down: the daemon checks
 * requests against that file and never loads zod, which would cost 8 MB at rest.
 */
export function openApiDocument(version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'laptop-dev',
      version,
      description: 'HTTP over the Unix socket of the daemon. Every request carries Host: laptop-dev; errors are in docs/errors.md.',
    },
    paths: paths(),
    components: { schemas: { ...components(BODIES), ...components(ANSWERS), ...components(LIVE_ANSWERS) } },
  };
}

function components(schemas: Readonly<Record<string, z.ZodType>>): Json {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutDialect(schema)]));
}

/** `target` draft-7 and 2020-12 agree in all that is used here; OpenAPI 3.1 names the dialect for the document as a whole. */
function withoutDialect(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  return rest;
}

function paths(): Json {
  const found: Record<string, Json> = {};
  for (const endpoint of ENDPOINTS) {
    const at = found[endpoint.path] ?? {};
    at[endpoint.method] = operation(endpoint);
    found[endpoint.path] = at;
  }
  return found;
}

function operation(endpoint: ApiEndpoint): Json {
  const names = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(match => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = Object.entries(endpoint.query ?? {}).map(([name, description]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  return {
    summary: endpoint.summary,
    parameters: [...names, ...query],
    ...(endpoint.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: ref(endpoint.body) } } } }),
    responses: { 200: { description: 'Done', content: answer(endpoint) }, default: problem },
  };
}

function answer(endpoint: ApiEndpoint): Json {
  if (endpoint.answer === null) return {};
  if (endpoint.lines) return { 'application/x-ndjson': { schema: ref(endpoint.answer) } };
  const content: Json = { 'application/json': { schema: enveloped(true, 'data', ref(endpoint.answer)) } };
  if (endpoint.waits) content['application/x-ndjson'] = { schema: ref('WorkLine') };
  return content;
}

const problem = {
  description: 'A failure; its code decides the status',
  content: { 'application/json': { schema: enveloped(false, 'error', ref('Failure')) } },
};

function enveloped(ok: boolean, key: string, schema: Json): Json {
  return { type: 'object', properties: { ok: { const: ok }, [key]: schema }, required: ['ok', key] };
}

function ref(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}
