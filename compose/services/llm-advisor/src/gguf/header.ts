import { open } from 'node:fs/promises';
import { ModelError } from '../model-error.js';
import { Reader } from './reader.js';
import { ARRAY, FILE_TYPES, STRING, TENSOR_TYPES, VALUE_BYTES } from './types.js';

/** What is told of a model before it is loaded. */
export interface Header {
  readonly architecture: string;
  readonly name: string | null;
  /** As Q4_K_M; null: the file does not say. */
  readonly quantisation: string | null;
  /** The longest context that it was made for, in tokens. */
  readonly contextLength: number;
  readonly hasChatTemplate: boolean;
  readonly fileBytes: number;
}

type Value = string | number | boolean | bigint | { readonly count: number };

/** More than any real file has: a count above it is a damaged file, not a large one. */
const MOST = { values: 65_536, tensors: 1_000_000, string: 64 * 1024 * 1024, name: 65_535, array: 16_777_216, dimensions: 8 };

/** Each model has these; llama.cpp ends the process where some of them are missing. `*` is the architecture. */
const REQUIRED = ['*.context_length', '*.embedding_length', '*.block_count', 'tokenizer.ggml.model', 'tokenizer.ggml.tokens'];
/** Architectures with attention need its figures, recurrent ones (mamba, rwkv) do not. */
const ATTENTION = ['*.attention.head_count', '*.feed_forward_length'];
const RECURRENT = /^(mamba|mamba2|rwkv\w*|arwkv7)$/;

/**
 * Reads a model's header and checks that native code may see the file: magic, version, counts, required keys, and that every tensor lies inside
 * the file. Throws ModelError `malformed` with what is wrong (`details.cut`: the file ends in the middle of its header), `not-found` where there is no
 * such file. Holds no more than one value in memory. `bytes`: how large the file is to be, where it is not complete yet.
 */
export async function readHeader(path: string, bytes?: number): Promise<Header> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new ModelError('not-found', error.code === 'ENOENT' ? 'the file is not there' : `the file cannot be read (${error.code})`);
  });
  try {
    const size = bytes ?? (await file.stat()).size;
    const reader = new Reader(file);
    const { tensors, values: count } = await readBegin(reader, size);
    const values = new Map<string, Value>();
    for (let index = 0; index < count; index += 1) await readEntry(reader, values);
    checkKeys(values);
    await checkTensors(reader, tensors, alignmentOf(values), size);
    return headerOf(values, size);
  } finally {
    await file.close();
  }
}

async function readBegin(reader: Reader, size: number): Promise<{ tensors: number; values: number }> {
  if (size === 0) throw new ModelError('malformed', 'the file is empty');
  const magic = (await reader.take(4)).toString('latin1');
  if (magic !== 'GGUF') throw new ModelError('malformed', `the file begins with ${JSON.stringify(magic)}, not with "GGUF"`);
  const version = await reader.u32();
  if (version !== 2 && version !== 3) throw new ModelError('malformed', `it has version ${version} of the format; 2 and 3 are known`);
  const tensors = await reader.u64('the number of tensors');
  const values = await reader.u64('the number of metadata values');
  if (tensors > MOST.tensors) throw new ModelError('malformed', `it claims ${tensors} tensors; ${MOST.tensors} is the most`);
  if (values > MOST.values) throw new ModelError('malformed', `it claims ${values} metadata values; ${MOST.values} is the most`);
  return { tensors, values };
}

async function readEntry(reader: Reader, values: Map<string, Value>): Promise<void> {
  const key = await readName(reader, 'a key');
  values.set(key, await readValue(reader, await reader.u32(), key));
}

async function readString(reader: Reader, what: string): Promise<string> {
  const length = await reader.u64(`the length of ${what}`);
  if (length > MOST.string) throw new ModelError('malformed', `${what} claims to be ${length} bytes long`);
  return (await reader.take(length)).toString('utf8');
}

/** Names stand in messages, and those in terminals: what is not printable is no name, but a damaged file or worse. */
async function readName(reader: Reader, what: string): Promise<string> {
  const name = await readString(reader, what);
  if (name.length <= MOST.name && /^[\x20-\x7e]+$/.test(name)) return name;
  throw new ModelError('malformed', `${what} is ${JSON.stringify(name.slice(0, 40))}, which is no name`);
}

async function readValue(reader: Reader, type: number, key: string): Promise<Value> {
  if (type === STRING) return readString(reader, key);
  if (type === ARRAY) return readArray(reader, key);
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined) throw new ModelError('malformed', `${key} has a value of the unknown kind ${type}`);
  const raw = await reader.take(bytes);
  if (type === 6) return raw.readFloatLE();
  if (type === 12) return raw.readDoubleLE();
  if (bytes === 8) return Number(type === 11 ? raw.readBigInt64LE() : raw.readBigUInt64LE());
  return type % 2 === 1 && type !== 7 ? raw.readIntLE(0, bytes) : raw.readUIntLE(0, bytes);
}

/** Steps over it: vocabularies have a quarter of a million strings. */
async function readArray(reader: Reader, key: string): Promise<Value> {
  const type = await reader.u32();
  const count = await reader.u64(`the length of ${key}`);
  if (count > MOST.array) throw new ModelError('malformed', `${key} claims ${count} values`);
  const bytes = VALUE_BYTES[type];
  if (bytes !== undefined) reader.skip(bytes * count);
  else if (type === STRING) {
    for (let index = 0; index < count; index += 1) {
      const length = await reader.u64(`a string of ${key}`);
      if (length > MOST.string) throw new ModelError('malformed', `a string of ${key} claims to be ${length} bytes long`);
      reader.skip(length);
    }
  } else throw new ModelError('malformed', `${key} is an array of the unknown kind ${type}`);
  return { count };
}

function checkKeys(values: ReadonlyMap<string, Value>): void {
  const architecture = values.get('general.architecture');
  if (typeof architecture !== 'string' || architecture === '') throw new ModelError('malformed', 'it lacks the key general.architecture');
  if (!/^[\w.-]{1,64}$/.test(architecture))
    throw new ModelError('malformed', `general.architecture is ${JSON.stringify(architecture.slice(0, 64))}, which no model has`);
  const wanted = [...REQUIRED, ...(RECURRENT.test(architecture) ? [] : ATTENTION)].map(key => key.replace('*', architecture));
  const missing = wanted.filter(key => !values.has(key));
  if (missing.length > 0)
    throw new ModelError('malformed', `it lacks the ${missing.length === 1 ? 'key' : 'keys'} ${missing.join(', ')}`, { missing });
}

function alignmentOf(values: ReadonlyMap<string, Value>): number {
  const alignment = values.get('general.alignment') ?? 32;
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1_048_576 || (alignment & (alignment - 1)) !== 0)
    throw new ModelError('malformed', `general.alignment is ${String(alignment)}, which is no power of two`);
  return alignment;
}

/** Offsets count from the first aligned byte after the last tensor's description. */
async function checkTensors(reader: Reader, count: number, alignment: number, size: number): Promise<void> {
  if (count === 0) throw new ModelError('malformed', 'it has no tensors');
  let end = 0;
  for (let index = 0; index < count; index += 1) end = Math.max(end, await readTensor(reader));
  const data = Math.ceil(reader.position / alignment) * alignment;
  if (data + end > size)
    throw new ModelError('malformed', `the file has ${size} bytes, its tensors need ${data + end}: it is cut off`, {
      bytes: size,
      needed: data + end,
    });
}

/** Where it ends, counted as its offset is. */
async function readTensor(reader: Reader): Promise<number> {
  const name = await readName(reader, "a tensor's name");
  const dimensions = await reader.u32();
  if (dimensions > MOST.dimensions) throw new ModelError('malformed', `tensor ${name} claims ${dimensions} dimensions`);
  let elements = 1;
  for (let index = 0; index < dimensions; index += 1) elements *= await reader.u64(`a dimension of ${name}`);
  const [values, bytes] = TENSOR_TYPES[await reader.u32()] ?? [1, 0];
  const offset = await reader.u64(`the offset of ${name}`);
  return offset + Math.ceil(elements / values) * bytes;
}

function headerOf(values: ReadonlyMap<string, Value>, fileBytes: number): Header {
  const architecture = String(values.get('general.architecture'));
  const name = values.get('general.name');
  const type = values.get('general.file_type');
  return {
    architecture,
    name: typeof name === 'string' ? name : null,
    quantisation: typeof type === 'number' ? (FILE_TYPES[type] ?? `type ${type}`) : null,
    contextLength: Number(values.get(`${architecture}.context_length`)),
    hasChatTemplate: values.has('tokenizer.chat_template'),
    fileBytes,
  };
}
