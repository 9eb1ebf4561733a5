import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needOf } from '../../../compose/services/llm-advisor/src/admission.js';
import { TINY } from '../../../compose/services/llm-advisor/src/gguf/toy.js';
import { MiB } from './fake-engine.js';
import { MIDDLE, newFolder, receiving, sha, toyBytes } from './manage-rig.js';

const ready = ({ kind }: { kind: string }): boolean => kind === 'ready';

describe('a model that is received', () => {
  test('is there afterwards, with its checksum, and nothing else', async () => {
    const [folder, content] = [newFolder(), await toyBytes(MIDDLE)];
    const receiver = receiving(folder, 'm', content.length);
    expect(await receiver.line(ready)).toEqual({ kind: 'ready', there: null, part: null });
    receiver.send(0, content);
    expect(await receiver.done).toMatchObject({ sha256: sha(content), need: { context: 1024 }, header: { quantisation: 'Q4_0' } });
    expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
    expect(readFileSync(join(folder, 'm.gguf.sha256'), 'utf8')).toBe(`${sha(content)}\n`);
    expect(readdirSync(folder).sort()).toEqual(['m.gguf', 'm.gguf.sha256']);
    const acks = receiver.lines.flatMap(({ kind, bytes }) => (kind === 'ack' ? [bytes] : []));
    expect(acks.at(-1)).toBe(content.length);
    expect(acks.length).toBeGreaterThan(2);
  });

  test('that is cut off goes on where it stopped', async () => {
    const [folder, content] = [newFolder(), await toyBytes(MIDDLE)];
    const first = receiving(folder, 'm', content.length);
    first.stdin.write('{"from":0}\n');
    first.stdin.end(content.subarray(0, 3 * MiB + 17));
    await expect(first.done).rejects.toMatchObject({ problem: 'cut', details: { at: 3 * MiB + 17 } });
    const second = receiving(folder, 'm', content.length);
    const { part } = await second.line(ready);
    expect(part).toEqual({ bytes: 3 * MiB + 17, of: 'a file', sha256: sha(content.subarray(0, 3 * MiB + 17)) });
    second.send(3 * MiB + 17, content);
    expect((await second.done)?.sha256).toBe(sha(content));
    expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
  });

  test('begins anew over a part of something else', async () => {
    const [folder, content] = [newFolder(), await toyBytes(MIDDLE)];
    writeFileSync(join(folder, 'm.gguf.part'), Buffer.alloc(4 * MiB, 7));
    const receiver = receiving(folder, 'm', content.length);
    await receiver.line(ready);
    receiver.send(0, content);
    expect((await receiver.done)?.sha256).toBe(sha(content));
    expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
  });

  test('whose end only is lost needs nothing but to be said again', async () => {
    const [folder, content] = [newFolder(), await toyBytes(MIDDLE)];
    const first = receiving(folder, 'm', content.length);
    first.stdin.write('{"from":0}\n');
    first.stdin.end(content);
    await expect(first.done).rejects.toMatchObject({ problem: 'cut' });
    const second = receiving(folder, 'm', content.length);
    await second.line(ready);
    second.send(content.length, content, null);
    expect((await second.done)?.sha256).toBe(sha(content));
  });
});

describe('refused is', () => {
  test('what can never fit, as soon as its header is there; nothing stays', async () => {
    const [folder, content] = [newFolder(), await toyBytes(MIDDLE)];
    const receiver = receiving(folder, 'm', content.length, { maximum: 100 * MiB });
    receiver.stdin.write('{"from":0}\n');
    receiver.stdin.write(content.subarray(0, 2 * MiB));
    await expect(receiver.done).rejects.toMatchObject({
      problem: 'never-fits',
      details: { need: needOf(101 * MiB), maximum: 100 * MiB, context: 1024 },
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['a file that is no model', async () => Buffer.alloc(2 * MiB, 'x'), 'begins with "xxxx"'],
    ['one that lacks a key', () => toyBytes(TINY, ['llama.block_count']), 'llama.block_count'],
    ['one that is cut off in itself', async () => (await toyBytes(MIDDLE)).subarray(0, 4 * MiB), 'it is cut off'],
    ['one whose header has no end', async () => (await toyBytes()).subarray(0, 3_000), 'in the middle of its header'],
  ])('%s', async (_, make, message) => {
    const [folder, content] = [newFolder(), await make()];
    const receiver = receiving(folder, 'm', content.length);
    receiver.send(0, content);
    await expect(receiver.done).rejects.toMatchObject({ problem: 'malformed', message: expect.stringContaining(message) });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('another checksum than was meant: nothing stays', async () => {
    const [folder, content] = [newFolder(), await toyBytes()];
    const receiver = receiving(folder, 'm', content.length);
    receiver.send(0, content, 'f'.repeat(64));
    await expect(receiver.done).rejects.toMatchObject({ problem: 'checksum', details: { sha256: sha(content) } });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('what the volume has no room for, before anything is sent', async () => {
    await expect(receiving(newFolder(), 'm', 2 ** 50).done).rejects.toMatchObject({ problem: 'no-space', details: { need: 2 ** 50 } });
  });

  test.each(['../m', '.m', '', 'a/b', 'm.gguf', 'a b', 'x'.repeat(129)])('the name %j', name => {
    expect(() => receiving(newFolder(), name, 10)).toThrow('is no name of a model');
  });
});

describe('a model of that name', () => {
  test('with other content stays, unless it is to be replaced', async () => {
    const [folder, content] = [newFolder(), await toyBytes()];
    writeFileSync(join(folder, 'm.gguf'), 'other');
    writeFileSync(join(folder, 'm.gguf.sha256'), `${sha(Buffer.from('other'))}\n`);
    const first = receiving(folder, 'm', content.length);
    expect((await first.line(ready)).there).toEqual({ bytes: 5, sha256: null });
    first.send(0, content);
    await expect(first.done).rejects.toMatchObject({ problem: 'exists' });
    expect(readFileSync(join(folder, 'm.gguf'), 'utf8')).toBe('other');
    const second = receiving(folder, 'm', content.length, { replace: true });
    second.send(0, content);
    await second.done;
    expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
    expect(readFileSync(join(folder, 'm.gguf.sha256'), 'utf8')).toBe(`${sha(content)}\n`);
  });

  test('of the same size is told by its checksum, and the sender may leave it at that', async () => {
    const [folder, content] = [newFolder(), await toyBytes()];
    writeFileSync(join(folder, 'm.gguf'), content);
    const receiver = receiving(folder, 'm', content.length);
    expect((await receiver.line(ready)).there).toEqual({ bytes: content.length, sha256: sha(content) });
    receiver.stdin.end('{"from":null}\n');
    expect(await receiver.done).toBeNull();
    expect(readdirSync(folder)).toEqual(['m.gguf']);
  });
});

test('of two that receive the same model, the later one goes on', async () => {
  const [folder, content] = [newFolder(), await toyBytes(MIDDLE)];
  const first = receiving(folder, 'm', content.length);
  first.stdin.write('{"from":0}\n');
  first.stdin.write(content.subarray(0, 2 * MiB));
  await first.line(({ kind, bytes = 0 }) => kind === 'ack' && bytes >= MiB);
  const second = receiving(folder, 'm', content.length);
  await second.line(ready);
  second.send(0, content);
  expect((await second.done)?.sha256).toBe(sha(content));
  first.stdin.end(content.subarray(2 * MiB));
  await expect(first.done).rejects.toMatchObject({ problem: 'taken-over' });
  expect(readFileSync(join(folder, 'm.gguf')).equals(content)).toBe(true);
});
