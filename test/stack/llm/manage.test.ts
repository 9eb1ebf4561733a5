import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { needOf } from '../../../compose/services/llm-advisor/src/admission.js';
import { Deaths } from '../../../compose/services/llm-advisor/src/deaths.js';
import { LARGE, TINY, writeToy } from '../../../compose/services/llm-advisor/src/gguf/toy.js';
import { estimateHead } from '../../../compose/services/llm-advisor/src/manage/estimate-head.js';
import { Input } from '../../../compose/services/llm-advisor/src/manage/input.js';
import { list } from '../../../compose/services/llm-advisor/src/manage/list.js';
import { estimate, makeTiny, remove, use } from '../../../compose/services/llm-advisor/src/manage/verbs.js';
import { findModel } from '../../../compose/services/llm-advisor/src/models.js';
import { fingerprintOf, Peaks } from '../../../compose/services/llm-advisor/src/peaks.js';
import { FakeEngine, MiB } from './fake-engine.js';
import { judgeWith, MIDDLE, newFolder, sha, toyBytes } from './manage-rig.js';

const tiny = (folder: string, name: string, over: { replace?: boolean; maximum?: number } = {}) =>
  makeTiny(folder, name, { large: false, replace: over.replace ?? false, by: judgeWith(over.maximum ?? 1024 * MiB) });

test('what there is: models with what their headers say, what is damaged, and parts', async () => {
  const folder = newFolder();
  await tiny(folder, 'b');
  writeFileSync(join(folder, 'a.gguf'), 'GGML');
  writeFileSync(join(folder, 'c.gguf.part'), 'GGUF');
  writeFileSync(join(folder, 'c.gguf.part.of'), JSON.stringify({ of: 'x', bytes: 100, token: 't' }));
  const bytes = await toyBytes();
  expect(await list(folder, '')).toEqual({
    models: [
      {
        name: 'a',
        bytes: 4,
        architecture: null,
        quantisation: null,
        contextLength: null,
        sha256: null,
        isDefault: true,
        problem: 'the file begins with "GGML", not with "GGUF"',
      },
      {
        name: 'b',
        bytes: bytes.length,
        architecture: 'llama',
        quantisation: 'Q4_0',
        contextLength: TINY.context,
        sha256: sha(bytes),
        isDefault: false,
        problem: null,
      },
    ],
    parts: [{ name: 'c', bytes: 4, of: 100 }],
  });
  expect(await list(join(folder, 'nothing'), '')).toEqual({ models: [], parts: [] });
});

test('the chosen model answers, until the environment names one, or it is removed', async () => {
  const folder = newFolder();
  for (const name of ['a', 'b', 'c']) await tiny(folder, name);
  const answers = async (configured = '') => (await findModel(folder, '', configured)).name;
  expect(await answers()).toBe('a');
  expect(await use(folder, 'b', '')).toEqual({ name: 'b', configured: null });
  expect([await answers(), await answers('c')]).toEqual(['b', 'c']);
  expect(await use(folder, 'b', 'c')).toEqual({ name: 'b', configured: 'c' });
  expect((await list(folder, '')).models.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(['b']);
  await remove(folder, 'b');
  expect([await answers(), existsSync(join(folder, '.use'))]).toEqual(['a', false]);
  expect(readdirSync(folder).some(name => name.startsWith('b'))).toBe(false);
  await expect(use(folder, 'b', '')).rejects.toMatchObject({ problem: 'not-found' });
  await expect(remove(folder, 'b')).rejects.toMatchObject({ problem: 'not-found' });
  await expect(remove(folder, '../b')).rejects.toMatchObject({ problem: 'usage' });
});

test('a part alone can be removed', async () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'c.gguf.part'), 'GGUF');
  expect(await remove(folder, 'c')).toEqual({ name: 'c', bytes: 4 });
  expect(readdirSync(folder)).toEqual([]);
});

test('a toy is made once; other content stays unless it is to be replaced; what never fits is not made', async () => {
  const folder = newFolder();
  expect(await tiny(folder, 't')).toMatchObject({ sha256: sha(await toyBytes()) });
  expect(await tiny(folder, 't')).toBeNull();
  await writeToy(join(folder, 't.gguf'), MIDDLE);
  await expect(tiny(folder, 't')).rejects.toMatchObject({ problem: 'exists' });
  expect(await tiny(folder, 't', { replace: true })).toMatchObject({ sha256: sha(await toyBytes()) });
  await expect(tiny(folder, 'u', { maximum: MiB })).rejects.toMatchObject({ problem: 'never-fits' });
  expect(readdirSync(folder).sort()).toEqual(['t.gguf', 't.gguf.sha256']);
});

test('the large toy has the shape of a small model', () => {
  expect(LARGE).toMatchObject({ heads: 32, groups: 8, context: 8192 });
});

test('an estimate has a need for each context, measured where it was loaded before', async () => {
  const folder = newFolder();
  await tiny(folder, 't');
  const file = await findModel(folder, 't', '');
  const peaks = new Peaks('', 'fake 1');
  await peaks.keep(await fingerprintOf(file.path), 1024, 90 * MiB);
  const engine = new FakeEngine();
  const found = await estimate(file, { context: 4096, maximum: 100 * MiB, engine }, { peaks, deaths: new Deaths('', 'fake 1') });
  expect(found).toMatchObject({ name: 't', contextLength: TINY.context, maximum: 100 * MiB, context: 1024 });
  expect(found.needs).toEqual([
    { context: 2048, bytes: needOf(102 * MiB), measured: false },
    { context: 1024, bytes: 90 * MiB, measured: true },
  ]);
  expect((await estimate(file, { context: 4096, maximum: 50 * MiB, engine }, null)).context).toBeNull();
});

test('the beginning of a file is enough to estimate it, and nothing stays', async () => {
  const [folder, content] = [newFolder(), await toyBytes(MIDDLE)];
  const stdin = new PassThrough();
  stdin.write(content.subarray(0, 2 * MiB));
  const how = { context: 4096, maximum: 0, engine: new FakeEngine() };
  const found = await estimateHead(folder, { name: 'm', bytes: content.length }, how, { input: new Input(stdin), say: () => undefined });
  expect(found).toMatchObject({ name: 'm', bytes: content.length, context: 2048 });
  expect(readdirSync(folder)).toEqual([]);
});
