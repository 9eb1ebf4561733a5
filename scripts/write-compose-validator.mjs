// Compiles the Compose schema that the docker-compose package ships into daemon/config/compose/generated/schema.ts, which is
// committed: compiling it at run time takes 170 to 350 ms, loading the result a few. To be run after an update of docker-compose
// or ajv; with --check it writes nothing and fails when the committed file is another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

if (process.argv.includes('--help')) {
  console.log(
    'write-compose-validator.mjs [--check]: writes daemon/config/compose/generated/schema.ts; with --check says whether it is current.',
  );
  process.exit(0);
}
const target = new URL('../daemon/config/compose/generated/schema.ts', import.meta.url);
const require = createRequire(import.meta.url);
const schema = JSON.parse(readFileSync(require.resolve('docker-compose/schema/compose-spec.json'), 'utf8'));
// ajv knows draft-07 by itself and throws on the https spelling of its address.
delete schema.$schema;
slim(schema);
addNewer(schema.definitions);

/** What the specification has and the package has not yet (compose-spec, June 2026): hooks that run before a service's container. */
function addNewer(definitions) {
  if (definitions.service.properties.pre_start) throw new Error('the package knows pre_start now: take it out here');
  const text = { type: 'string' };
  const flag = { type: ['boolean', 'string'] };
  const fields = { command: { $ref: '#/definitions/command' }, image: text, user: text, privileged: flag, working_dir: text };
  definitions.pre_start_hook = {
    type: 'object',
    properties: { ...fields, environment: { $ref: '#/definitions/list_or_dict' }, per_replica: flag },
    additionalProperties: false,
    patternProperties: { '^x-': {} },
  };
  definitions.service.properties.pre_start = { type: 'array', items: { $ref: '#/definitions/pre_start_hook' } };
}

/**
 * Drops the prose, and `uniqueItems`: Compose removes repeated entries before it validates, and ajv's check is quadratic,
 * which an untrusted file must not be able to use.
 */
function slim(node) {
  if (node === null || typeof node !== 'object') return;
  for (const word of ['description', 'title', '$comment']) if (typeof node[word] === 'string') delete node[word];
  if (typeof node.uniqueItems === 'boolean') delete node.uniqueItems;
  for (const value of Object.values(node)) slim(value);
}

/**
 * Which keys are known where: `keys` of an object that allows no others, `in` by property, `any` for other names and for
 * the items of lists. ajv's errors do not tell which object they are about once a $ref has been followed.
 */
function shapeOf(node) {
  if (node.$ref) return shapeOf(schema.definitions[node.$ref.replace('#/definitions/', '')]);
  const shape = {};
  const add = (into, other) => {
    if (other.keys) into.keys = [...new Set([...(into.keys ?? []), ...other.keys])];
    if (other.in) into.in ??= {};
    for (const [key, inner] of Object.entries(other.in ?? {})) {
      into.in[key] ??= {};
      add(into.in[key], inner);
    }
    if (other.any) into.any ??= {};
    if (other.any) add(into.any, other.any);
  };
  for (const choice of [...(node.oneOf ?? []), ...(node.anyOf ?? [])]) add(shape, shapeOf(choice));
  if (node.properties && node.additionalProperties === false) add(shape, { keys: Object.keys(node.properties) });
  for (const [key, inner] of Object.entries(node.properties ?? {})) add(shape, { in: { [key]: shapeOf(inner) } });
  for (const [pattern, inner] of Object.entries(node.patternProperties ?? {})) if (pattern !== '^x-') add(shape, { any: shapeOf(inner) });
  if (node.items) add(shape, { any: shapeOf(node.items) });
  if (node.additionalProperties && typeof node.additionalProperties === 'object') add(shape, { any: shapeOf(node.additionalProperties) });
  return pruned(shape);
}

/** Without branches that know no keys. */
function pruned(shape) {
  for (const [key, inner] of Object.entries(shape.in ?? {})) if (Object.keys(inner).length === 0) delete shape.in[key];
  if (shape.in && Object.keys(shape.in).length === 0) delete shape.in;
  if (shape.any && Object.keys(shape.any).length === 0) delete shape.any;
  return shape;
}

const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false, code: { source: true, esm: true, lines: false } });
const code = standaloneCode.default(ajv, ajv.compile(schema));
const bundled = await build({
  stdin: { contents: code, resolveDir: new URL('..', import.meta.url).pathname, loader: 'js' },
  bundle: true,
  format: 'esm',
  minify: true,
  write: false,
  target: 'node20',
  charset: 'utf8',
});
const script = bundled.outputFiles[0].text.trim().replace(/export\{([^}]*)\};?$/, (_, names) => {
  const local = /(\w+) as validate(?:,|$)/.exec(names)?.[1];
  if (!local) throw new Error(`the bundle exports ${names}, not validate`);
  return `export const validateCompose: { (data: unknown): boolean; errors?: readonly unknown[] | null } = ${local};`;
});
const made = `// @ts-nocheck
// Made by scripts/write-compose-validator.mjs from docker-compose/schema/compose-spec.json (Apache-2.0, The Compose Specification Authors). Do not edit.
${script}
export interface Shape { readonly keys?: readonly string[]; readonly in?: Readonly<Record<string, Shape>>; readonly any?: Shape }
export const knownShape: Shape = ${JSON.stringify(shapeOf(schema))};
`;
if (!process.argv.includes('--check')) writeFileSync(target, made);
else if (readFileSync(target, 'utf8') !== made) {
  console.error('daemon/config/compose/generated/schema.ts is not current: node scripts/write-compose-validator.mjs');
  process.exitCode = 1;
}
