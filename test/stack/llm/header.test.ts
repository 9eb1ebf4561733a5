import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { readHeader } from '../../../compose/services/llm-advisor/src/gguf/header.js';
import { TINY, writeToy } from '../../../compose/services/llm-advisor/src/gguf/toy.js';
import { ModelError } from '../../../compose/services/llm-advisor/src/model-error.js';
import { runs } from '../../support/deep.js';

const folder = mkdtempSync(join(tmpdir(), 'ld-gguf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const toy = join(folder, 'toy.gguf');
await writeToy(toy);
const bytes = await readFile(toy);

async function withBytes(name: string, content: Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The toy with a number overwritten at an offset. */
function patched(at: number, value: bigint): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeBigUInt64LE(value, at);
  return copy;
}

/** The toy with other words of the same length in the place of the first of these. */
function renamed(from: string, to: string): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(to, copy.indexOf(from), 'latin1');
  return copy;
}

test('the toy is read', async () => {
  expect(await readHeader(toy)).toEqual({
    architecture: 'llama',
    name: 'toy with random weights',
    quantisation: 'Q4_0',
    contextLength: TINY.context,
    hasChatTemplate: true,
    fileBytes: bytes.length,
  });
});

test.each([
  ['empty', Buffer.alloc(0), 'the file is empty'],
  ['magic', Buffer.concat([Buffer.from('GGML'), bytes.subarray(4)]), 'begins with "GGML"'],
  ['version', Buffer.concat([bytes.subarray(0, 4), Buffer.from([9, 0, 0, 0]), bytes.subarray(8)]), 'version 9'],
  ['tensors', patched(8, 2n ** 40n), '1099511627776 tensors'],
  ['huge', patched(8, 2n ** 63n), 'no file can hold'],
  ['values', patched(16, 10_000_000n), '10000000 metadata values'],
  ['short', bytes.subarray(0, 2_000), 'in the middle of its header'],
  ['key', renamed('general.file_type', 'general.\u001b[2J_abcd'), '"general.\\u001b[2J_abcd", which is no name'],
  ['kind', renamed('llama', 'l\u001b[Ka'), 'general.architecture is "l\\u001b[Ka"'],
  ['cut', bytes.subarray(0, bytes.length - 5_000), 'it is cut off'],
])('%s: refused with what is wrong', async (name, content, message) => {
  const path = await withBytes(`${name}.gguf`, content);
  const error = await readHeader(path).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ModelError);
  expect(error).toMatchObject({ problem: 'malformed', message: expect.stringContaining(message) });
});

test.each(['general.architecture', 'llama.context_length', 'llama.block_count', 'llama.attention.head_count', 'tokenizer.ggml.tokens'])(
  'a file without %s never reaches native code',
  async key => {
    const path = join(folder, 'lacking.gguf');
    await writeToy(path, TINY, [key]);
    await expect(readHeader(path)).rejects.toMatchObject({ problem: 'malformed', message: expect.stringContaining(key) });
  },
);

test('no file: not-found', async () => {
  await expect(readHeader(join(folder, 'nothing.gguf'))).rejects.toMatchObject({ problem: 'not-found' });
});

test('damage anywhere is an error of ours or no error, never another one, and takes no memory', async () => {
  const path = join(folder, 'fuzzed.gguf');
  const header = 9_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(header), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      fc.option(fc.nat(bytes.length)),
      async (damage, length) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of damage) copy[at] = value;
        await writeFile(path, copy);
        if (length !== null) await truncate(path, length);
        const error = await readHeader(path).catch((reason: unknown) => reason);
        if (error instanceof Error) expect(error).toBeInstanceOf(ModelError);
      },
    ),
    { numRuns: runs(300) },
  );
});
