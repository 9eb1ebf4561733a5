import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ToyShape } from '../../compose/services/llm-advisor/src/gguf/toy.js';
import { Manage } from '../../daemon/cli/llm/manage.js';
import { checkMagic, nameFor } from '../../daemon/cli/llm/source.js';
import { openFile } from '../../daemon/cli/llm/source-file.js';
import { type TransferOptions, transfer } from '../../daemon/cli/llm/transfer.js';
import type { ExecChannel } from '../../daemon/client/exec.js';
import { MiB } from '../stack/llm/fake-engine.js';
import { MIDDLE, newFolder, receiving, sha, toyBytes } from '../stack/llm/manage-rig.js';

/** Some 10 MB: more than may be on its way at once. */
const LONG: ToyShape = { ...MIDDLE, width: 1024 };

/** The real receiver behind a channel of a test; `most`: the most that was on its way. */
function connect(folder: string, bytes: number, over: Parameters<typeof receiving>[3] = {}) {
  const receiver = receiving(folder, 'm', bytes, over);
  let written = 0;
  let most = 0;
  let end: (code: number) => void = () => undefined;
  let listener: (stream: 'stdout' | 'stderr', data: Uint8Array) => void = () => undefined;
  const tell = (line: object) => listener('stdout', Buffer.from(`${JSON.stringify(line)}\n`));
  let handled = 0;
  const pass = () => {
    for (; handled < receiver.lines.length; handled += 1) {
      const line = receiver.lines[handled];
      if (line?.kind === 'ack') most = Math.max(most, written - (line.bytes ?? 0));
      tell(line ?? {});
    }
  };
  const channel: ExecChannel = {
    write: data => {
      written += data.length;
      receiver.stdin.write(data);
      setImmediate(pass);
    },
    end: () => void receiver.stdin.end(),
    resize: () => undefined,
    close: () => {
      receiver.stdin.end();
      end(137);
    },
    exit: new Promise(resolve => {
      end = resolve;
    }),
    onOutput: next => {
      listener = next;
    },
  };
  const pump = setInterval(pass, 1);
  const over2 = (line: object) => {
    clearInterval(pump);
    pass();
    tell(line);
    end(0);
  };
  receiver.done.then(
    data => over2({ kind: 'done', data }),
    error => over2({ kind: 'failed', problem: error.problem, message: error.message, details: error.details }),
  );
  return { manage: new Manage(channel), most: () => most };
}

function options(over: Partial<TransferOptions> = {}): TransferOptions & { readonly seen: number[]; readonly cancel: AbortController } {
  const seen: number[] = [];
  const cancel = new AbortController();
  const plain = { sha256: null, replace: false, name: 'm', cancelled: cancel.signal, onBegin: (from: number) => void seen.push(from) };
  return { ...plain, onBytes: bytes => void seen.push(bytes), seen, cancel, ...over };
}

async function fileOf(content: Buffer) {
  const path = join(newFolder(), 'source.gguf');
  writeFileSync(path, content);
  const source = await openFile(path, '/');
  onTestFinished(() => source.close());
  return source;
}

test('a file arrives whole, with no more than 4 MiB and a chunk on its way', async () => {
  const [folder, content] = [newFolder(), await toyBytes(LONG)];
  const { manage, most } = connect(folder, content.length);
  const how = options();
  const source = await fileOf(content);
  expect(await transfer(manage, source, how)).toMatchObject({ sha256: sha(content) });
  expect(content.length).toBeGreaterThan(9 * MiB);
  expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
  expect(how.seen[0]).toBe(0);
  expect(how.seen.at(-1)).toBe(content.length);
  expect(most()).toBeLessThanOrEqual(5 * MiB + 1_000);
});

test('goes on with a part of the same file, and begins anew over one of another', async () => {
  const content = await toyBytes(MIDDLE);
  for (const [part, from] of [
    [content.subarray(0, 3 * MiB), 3 * MiB],
    [Buffer.alloc(2 * MiB, 1), 0],
  ] as const) {
    // biome-ignore format: short
    const folder = newFolder();
    writeFileSync(join(folder, 'm.gguf.part'), part);
    writeFileSync(join(folder, 'm.gguf.part.of'), JSON.stringify({ of: 'a file', bytes: content.length, token: '' }));
    const how = options();
    expect(await transfer(connect(folder, content.length).manage, await fileOf(content), how)).toMatchObject({ sha256: sha(content) });
    expect(how.seen[0]).toBe(from);
    expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
  }
});

test('the same content is not sent again; other content stays unless it is replaced', async () => {
  const [folder, content] = [newFolder(), await toyBytes()];
  writeFileSync(join(folder, 'm.gguf'), content);
  const how = options();
  expect(await transfer(connect(folder, content.length).manage, await fileOf(content), how)).toBeNull();
  expect(how.seen).toEqual([]);
  const other = await toyBytes(MIDDLE);
  const refused = transfer(connect(folder, other.length).manage, await fileOf(other), options());
  await expect(refused).rejects.toMatchObject({ failure: { code: 'name-taken' } });
  expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
  await transfer(connect(folder, other.length, { replace: true }).manage, await fileOf(other), options({ replace: true }));
  expect(readFileSync(join(folder, 'm.gguf')).equals(other)).toBe(true);
});

test.each([
  ['what can never fit', LONG, { maximum: 10 * MiB }, {}, 'model-too-large'],
  ['another checksum than was given', MIDDLE, {}, { sha256: 'a'.repeat(64) }, 'model-refused'],
])('%s is refused, and nothing stays', async (_, shape, receiver, how, code) => {
  const [folder, content] = [newFolder(), await toyBytes(shape)];
  const refused = transfer(connect(folder, content.length, receiver).manage, await fileOf(content), options(how));
  await expect(refused).rejects.toMatchObject({ failure: { code } });
  expect(readdirSync(folder)).toEqual([]);
});

test('ctrl-C keeps what came, and says so', async () => {
  const [folder, content] = [newFolder(), await toyBytes(LONG)];
  const { manage } = connect(folder, content.length);
  const cancel = new AbortController();
  const how = options({ cancelled: cancel.signal, onBytes: bytes => void (bytes > 3 * MiB && cancel.abort()) });
  const stopped = transfer(manage, await fileOf(content), how);
  await expect(stopped).rejects.toMatchObject({ failure: { code: 'cancelled', message: expect.stringContaining('are kept') } });
  expect(readdirSync(folder)).toContain('m.gguf.part');
});

test('names and first bytes are checked before anything is asked for', async () => {
  expect([nameFor(undefined, 'Qwen-0.5B.Q4_0.GGUF'), nameFor('x', 'y')]).toEqual(['Qwen-0.5B.Q4_0', 'x']);
  for (const name of ['.x', '../x', 'x y', '', 'x.gguf']) expect(() => nameFor(name, '')).toThrow('is not a model');
  expect(() => checkMagic('f', Buffer.from('<html>'))).toThrow('begins with "<htm"');
  expect(() => checkMagic('f', Buffer.alloc(0))).toThrow('it is empty');
  await expect(openFile('/not/there', '/')).rejects.toMatchObject({ failure: { code: 'config-missing' } });
  await expect(fileOf(Buffer.from('no model'))).rejects.toMatchObject({ failure: { code: 'model-refused' } });
});
