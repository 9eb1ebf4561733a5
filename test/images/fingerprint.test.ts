import { chmodSync, cpSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planBuild } from '../../daemon/images/build/build.js';
import { inContext } from '../../daemon/images/build/build-files.js';
import { baseChanged, contentHash, quickHash, writeBases } from '../../daemon/images/build/fingerprint.js';
import { scanContext } from '../../daemon/images/build/scan.js';
import type { BuildSpec } from '../../daemon/model/spec.js';
import { buildSpec } from './support/build-spec.js';
import { folderWith } from './support/folder.js';

async function hashes(context: string, over: Partial<BuildSpec> = {}): Promise<{ quick: string; content: string }> {
  const plan = planBuild('x', buildSpec(context, over), null);
  return inContext('x', context, folder => {
    const entries = scanContext(folder, plan.rules, 1_000) ?? [];
    return { quick: quickHash(plan, entries), content: contentHash(plan, folder, entries) };
  });
}
const project = () => folderWith({ Dockerfile: 'FROM a', '.dockerignore': 'skip', 'src/a.txt': 'one', 'skip/b.txt': 'two' });

describe('what changes a build', () => {
  const changes: readonly [string, (folder: string) => void][] = [
    ['a file', folder => writeFileSync(join(folder, 'src/a.txt'), 'eno')],
    ['the Dockerfile', folder => writeFileSync(join(folder, 'Dockerfile'), 'FROM b')],
    ['the .dockerignore', folder => writeFileSync(join(folder, '.dockerignore'), '')],
    ['a name', folder => renameSync(join(folder, 'src/a.txt'), join(folder, 'src/b.txt'))],
    ['a new empty file', folder => writeFileSync(join(folder, 'new'), '')],
    ['the execute bit', folder => chmodSync(join(folder, 'src/a.txt'), 0o755)],
    ['a link', folder => symlinkSync('src/a.txt', join(folder, 'link'))],
  ];
  test.each(changes)('%s: both hashes differ', async (_, change) => {
    const folder = project();
    const before = await hashes(folder);
    change(folder);
    const after = await hashes(folder);
    expect(after.quick).not.toBe(before.quick);
    expect(after.content).not.toBe(before.content);
  });

  test.each<Partial<BuildSpec>>([{ args: { A: '1' } }, { target: 'x' }, { labels: { a: 'b' } }, { dockerfileInline: 'FROM c' }])(
    '%j counts',
    async over => {
      const folder = project();
      expect((await hashes(folder, over)).content).not.toBe((await hashes(folder)).content);
    },
  );

  test('an ignored file does not count', async () => {
    const folder = project();
    const before = await hashes(folder);
    writeFileSync(join(folder, 'skip/b.txt'), 'changed');
    expect(await hashes(folder)).toEqual(before);
  });

  test('a copy has the same contents, whatever its times and umask; only the quick hash is of this folder', async () => {
    const folder = project();
    const copy = folderWith({});
    cpSync(folder, copy, { recursive: true });
    utimesSync(join(copy, 'src/a.txt'), 1, 1);
    chmodSync(join(copy, 'src/a.txt'), 0o600);
    const [a, b] = [await hashes(folder), await hashes(copy)];
    expect(b.content).toBe(a.content);
    expect(b.quick).not.toBe(a.quick);
  });

  test('a change that keeps size and modification time is seen', async () => {
    const folder = project();
    utimesSync(join(folder, 'src/a.txt'), 1, 1);
    const before = await hashes(folder);
    writeFileSync(join(folder, 'src/a.txt'), 'eno');
    utimesSync(join(folder, 'src/a.txt'), 1, 1);
    expect((await hashes(folder)).quick).not.toBe(before.quick);
  });
});

test('a context with more entries than allowed is left to others', () => {
  const folder = folderWith({ a: '', b: '', c: '' });
  const { rules } = planBuild('x', buildSpec(folder, { dockerfileInline: 'FROM a' }), null);
  expect(inContext('x', folder, context => scanContext(context, rules, 2))).toBeNull();
});

test('a base counts when it is here and is another one', () => {
  const recorded = writeBases({ 'debian:x': 'sha256:1', 'host:5000/a': 'sha256:2' });
  expect(baseChanged(recorded, { 'debian:x': 'sha256:1', 'host:5000/a': 'sha256:2' })).toBe(false);
  expect(baseChanged(recorded, { 'debian:x': null, 'host:5000/a': 'sha256:2' })).toBe(false);
  expect(baseChanged(recorded, { 'debian:x': 'sha256:3', 'host:5000/a': 'sha256:2' })).toBe(true);
});
