// Compiles the Compose schema that the docker-compose package ships into daemon/compose/generated/schema.ts, which is
// committed: compiling it at run time takes 170 to 350 ms, loading the result a few. Run by `npm run schema`.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

const target = new URL('../daemon/compose/generated/schema.ts', import.meta.url);
const schemaFile = createRequire(import.meta.url).resolve('docker-compose/schema/compose-spec.json');
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
// ajv knows draft-07 by itself and throws on the https spelling of its address.
delete schema.$schema;
slim(schema);

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

/** JSON pointer of every object schema → the keys that it knows: the candidates of "did you mean". */
function knownKeys(node, pointer, found) {
  if (node === null || typeof node !== 'object') return found;
  if (!Array.isArray(node) && node.additionalProperties === false && node.properties) found[pointer] = Object.keys(node.properties);
  for (const [key, value] of Object.entries(node)) knownKeys(value, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, found);
  return found;
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
writeFileSync(
  target,
  `// @ts-nocheck
// Made by scripts/write-compose-validator.mjs from docker-compose/schema/compose-spec.json (Apache-2.0, The Compose Specification Authors). Do not edit.
${script}
export const knownKeys: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(knownKeys(schema, '#', {}))};
`,
);
