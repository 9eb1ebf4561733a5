/** The part of JSON Schema that zod writes for our requests. */
export interface JsonSchema {
  readonly type?: TypeName | readonly TypeName[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly description?: string;
}

type TypeName = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';

const KNOWN = new Set(
  'type properties required additionalProperties propertyNames items anyOf oneOf enum const pattern maxLength maxItems minimum maximum exclusiveMinimum description'.split(
    ' ',
  ),
);

/**
 * Says where `value` departs from `schema`, as `spec.services[0].image: expected string`; null when it conforms. Interprets
 * instead of compiling: ajv took 113 ms and 20 MB for an `up`, zod 8 MB for good. Never repeats a value: it may be a secret.
 * Throws on a keyword it does not know, so that no rule is passed over in silence.
 */
export function departure(schema: JsonSchema, value: unknown, path = 'body'): string | null {
  for (const keyword in schema) if (!KNOWN.has(keyword)) throw new Error(`schema keyword ${keyword} is not interpreted`);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return departureFromAll(choices, value, path);
  if ('const' in schema && value !== schema.const) return `${path}: expected ${JSON.stringify(schema.const)}`;
  if (schema.enum && !schema.enum.includes(value)) return `${path}: expected one of ${schema.enum.join(', ')}`;
  if (schema.type && !hasType(schema.type, value)) return `${path}: expected ${[schema.type].flat().join(' or ')}`;
  if (typeof value === 'string') return wrongString(schema, value, path);
  if (typeof value === 'number') return wrongNumber(schema, value, path);
  if (Array.isArray(value)) return wrongArray(schema, value, path);
  return typeof value === 'object' && value !== null ? wrongObject(schema, value, path) : null;
}

/** Of several alternatives, the complaint that lies deepest is the one about the alternative that was meant. */
function departureFromAll(choices: readonly JsonSchema[], value: unknown, path: string): string | null {
  let deepest = '';
  for (const choice of choices) {
    const found = departure(choice, value, path);
    if (found === null) return null;
    if (found.indexOf(': ') > deepest.indexOf(': ') || deepest === '') deepest = found;
  }
  return deepest;
}

function hasType(types: TypeName | readonly TypeName[], value: unknown): boolean {
  const actual = typeName(value);
  return [types].flat().some(type => type === actual || (type === 'number' && actual === 'integer'));
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isSafeInteger(value) ? 'integer' : typeof value;
}

function wrongString(schema: JsonSchema, value: string, path: string): string | null {
  if (schema.maxLength !== undefined && value.length > schema.maxLength) return `${path}: longer than ${schema.maxLength}`;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) return `${path}: expected ${schema.pattern}`;
  return null;
}

function wrongNumber(schema: JsonSchema, value: number, path: string): string | null {
  if (!Number.isFinite(value)) return `${path}: expected a finite number`;
  if (schema.minimum !== undefined && value < schema.minimum) return `${path}: less than ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `${path}: more than ${schema.maximum}`;
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum) return `${path}: not above ${schema.exclusiveMinimum}`;
  return null;
}

function wrongArray(schema: JsonSchema, value: readonly unknown[], path: string): string | null {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) return `${path}: more than ${schema.maxItems} items`;
  if (!schema.items) return null;
  for (const [index, item] of value.entries()) {
    const found = departure(schema.items, item, `${path}[${index}]`);
    if (found !== null) return found;
  }
  return null;
}

function wrongObject(schema: JsonSchema, value: object, path: string): string | null {
  const missing = schema.required?.find(key => !Object.hasOwn(value, key));
  if (missing !== undefined) return `${path}.${missing}: missing`;
  for (const [key, item] of Object.entries(value)) {
    const wrongName = schema.propertyNames ? departure(schema.propertyNames, key, `${path} key`) : null;
    if (wrongName !== null) return wrongName;
    const own = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : schema.additionalProperties;
    if (own === false) return `${path}.${key.slice(0, 64)}: unknown key`;
    const found = own === undefined ? null : departure(own, item, `${path}.${key.slice(0, 64)}`);
    if (found !== null) return found;
  }
  return null;
}
