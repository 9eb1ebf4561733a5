/** Metadata values as GGUF has them; a number is its kind's. */
export type Field =
  | { readonly kind: 'u32' | 'f32'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'texts'; readonly value: readonly string[] }
  | { readonly kind: 'f32s' | 'i32s'; readonly value: readonly number[] };

export interface TensorInfo {
  readonly name: string;
  /** The fastest first. */
  readonly dimensions: readonly number[];
  /** ggml's number. */
  readonly type: number;
  readonly bytes: number;
}

export const ALIGNMENT = 32;

/** Everything before the tensors' data, padded to where the data begins. */
export function encodeHeader(fields: Readonly<Record<string, Field>>, tensors: readonly TensorInfo[]): Buffer {
  const parts = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(Object.keys(fields).length)];
  for (const [key, field] of Object.entries(fields)) parts.push(text(key), ...encodeField(field));
  let offset = 0;
  for (const { name, dimensions, type, bytes } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset));
    offset += aligned(bytes);
  }
  const head = Buffer.concat(parts);
  return Buffer.concat([head, Buffer.alloc(aligned(head.length) - head.length)]);
}

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function encodeField(field: Field): Buffer[] {
  switch (field.kind) {
    case 'u32':
      return [u32(4), u32(field.value)];
    case 'f32':
      return [u32(6), f32(field.value)];
    case 'bool':
      return [u32(7), Buffer.from([field.value ? 1 : 0])];
    case 'text':
      return [u32(8), text(field.value)];
    case 'texts':
      return [u32(9), u32(8), u64(field.value.length), ...field.value.map(text)];
    case 'f32s':
      return [u32(9), u32(6), u64(field.value.length), ...field.value.map(f32)];
    case 'i32s':
      return [u32(9), u32(5), u64(field.value.length), ...field.value.map(i32)];
  }
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}
function i32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
}
function f32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return buffer;
}
function u64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}
