import { open, rename } from 'node:fs/promises';
import { aligned, encodeHeader, type Field, type TensorInfo } from './encode.js';

/** A model of the llama kind with random weights: it says nothing that makes sense, and shows that everything works, without a download. */
export interface ToyShape {
  readonly layers: number;
  readonly width: number;
  readonly feedForward: number;
  readonly heads: number;
  /** Heads that keep keys and values; as many query heads share each. */
  readonly groups: number;
  readonly context: number;
  /** Padded with unused words up to this many. */
  readonly words: number;
}

/** 77 KB. */
export const TINY: ToyShape = { layers: 2, width: 64, feedForward: 128, heads: 4, groups: 4, context: 2048, words: 0 };
/** 593 MiB: as large as a real small model. */
export const LARGE: ToyShape = { layers: 16, width: 2048, feedForward: 8192, heads: 32, groups: 8, context: 8192, words: 32_000 };

const F32 = 0;
const Q4_0 = 2;
/** Values and bytes of a block of Q4_0: a half float and 16 × 2 nibbles. */
const BLOCK = { values: 32, bytes: 18 };
const CHUNK = 18 * 65_536;

/** `omit`: keys to leave out, for tests. Written beside and renamed. */
export async function writeToy(path: string, shape: ToyShape = TINY, omit: readonly string[] = []): Promise<void> {
  const words = vocabulary(shape.words);
  const tensors = tensorsOf(shape, words.texts.length);
  const fields = Object.fromEntries(Object.entries(fieldsOf(shape, words)).filter(([key]) => !omit.includes(key)));
  const file = await open(`${path}.part`, 'w');
  try {
    await file.write(encodeHeader(fields, tensors));
    const random = weights();
    for (const { type, bytes } of tensors) {
      for (let left = aligned(bytes), used = bytes; left > 0; left -= CHUNK, used -= CHUNK)
        await file.write(type === F32 ? ones(Math.min(left, CHUNK)) : random(Math.min(used, CHUNK), Math.min(left, CHUNK)));
    }
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}

function tensorsOf({ layers, width, feedForward, heads, groups }: ToyShape, words: number): TensorInfo[] {
  const grouped = (width / heads) * groups;
  const norm = (name: string): TensorInfo => ({ name, dimensions: [width], type: F32, bytes: width * 4 });
  const matrix = (name: string, from: number, to: number): TensorInfo => ({
    name,
    dimensions: [from, to],
    type: Q4_0,
    bytes: ((from * to) / BLOCK.values) * BLOCK.bytes,
  });
  const layer = (index: number): TensorInfo[] => [
    norm(`blk.${index}.attn_norm.weight`),
    matrix(`blk.${index}.attn_q.weight`, width, width),
    matrix(`blk.${index}.attn_k.weight`, width, grouped),
    matrix(`blk.${index}.attn_v.weight`, width, grouped),
    matrix(`blk.${index}.attn_output.weight`, width, width),
    norm(`blk.${index}.ffn_norm.weight`),
    matrix(`blk.${index}.ffn_gate.weight`, width, feedForward),
    matrix(`blk.${index}.ffn_up.weight`, width, feedForward),
    matrix(`blk.${index}.ffn_down.weight`, feedForward, width),
  ];
  return [
    matrix('token_embd.weight', width, words),
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    norm('output_norm.weight'),
    matrix('output.weight', width, words),
  ];
}

interface Vocabulary {
  readonly texts: readonly string[];
  readonly scores: readonly number[];
  readonly kinds: readonly number[];
}

/** Marks, all bytes, and the letters: enough to take any text apart. */
function vocabulary(least: number): Vocabulary {
  const [normal, unknown, control, unused, byte] = [1, 2, 3, 5, 6];
  const words: [text: string, score: number, kind: number][] = [
    ['<unk>', 0, unknown],
    ['<s>', 0, control],
    ['</s>', 0, control],
  ];
  for (let code = 0; code < 256; code += 1) words.push([`<0x${code.toString(16).toUpperCase().padStart(2, '0')}>`, 0, byte]);
  words.push(['▁', -1, normal]);
  for (const letter of 'abcdefghijklmnopqrstuvwxyz') words.push([letter, -2 - words.length / 1000, normal]);
  while (words.length % BLOCK.values !== 0 || words.length < least) words.push([`[PAD${words.length}]`, 0, unused]);
  return { texts: words.map(([text]) => text), scores: words.map(([, score]) => score), kinds: words.map(([, , kind]) => kind) };
}

function fieldsOf(
  { layers, width, feedForward, heads, groups, context }: ToyShape,
  { texts, scores, kinds }: Vocabulary,
): Record<string, Field> {
  const count = (value: number): Field => ({ kind: 'u32', value });
  const text = (value: string): Field => ({ kind: 'text', value });
  return {
    'general.architecture': text('llama'),
    'general.name': text('toy with random weights'),
    'general.alignment': count(32),
    'general.file_type': count(2),
    'llama.context_length': count(context),
    'llama.embedding_length': count(width),
    'llama.block_count': count(layers),
    'llama.feed_forward_length': count(feedForward),
    'llama.attention.head_count': count(heads),
    'llama.attention.head_count_kv': count(groups),
    'llama.attention.layer_norm_rms_epsilon': { kind: 'f32', value: 1e-5 },
    'llama.rope.dimension_count': count(width / heads),
    'llama.vocab_size': count(texts.length),
    'tokenizer.ggml.model': text('llama'),
    'tokenizer.ggml.tokens': { kind: 'texts', value: texts },
    'tokenizer.ggml.scores': { kind: 'f32s', value: scores },
    'tokenizer.ggml.token_type': { kind: 'i32s', value: kinds },
    'tokenizer.ggml.bos_token_id': count(1),
    'tokenizer.ggml.eos_token_id': count(2),
    'tokenizer.ggml.unknown_token_id': count(0),
    'tokenizer.ggml.add_bos_token': { kind: 'bool', value: true },
    'tokenizer.chat_template': text(TEMPLATE),
  };
}

const TEMPLATE =
  "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

function ones(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4) buffer.writeFloatLE(1, at);
  return buffer;
}

/** Blocks of the scale 1/64 with random nibbles, always the same ones. Every chunk is the same: only its size matters. */
function weights(): (used: number, length: number) => Buffer {
  const buffer = Buffer.alloc(CHUNK);
  let seed = 42;
  for (let at = 0; at < CHUNK; at += 1) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    buffer[at] = seed >>> 24;
  }
  for (let at = 0; at < CHUNK; at += BLOCK.bytes) buffer.writeUInt16LE(0x2400, at);
  return (used, length) =>
    used === length
      ? buffer.subarray(0, length)
      : Buffer.concat([buffer.subarray(0, Math.max(0, used)), Buffer.alloc(length - Math.max(0, used))]);
}
