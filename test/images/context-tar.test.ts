import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { contextTar } from '../../daemon/images/build/context-tar.js';
import { PinnedFolder } from '../../daemon/path-gate/pinned.js';
import { folderWith } from './support/folder.js';

/** Names and contents, as tar(1) sees them. */
function listed(archive: Buffer): string {
  return execFileSync('tar', ['-tvf', '-'], { input: archive, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
const contentOf = (archive: Buffer, name: string): string =>
  execFileSync('tar', ['-xOf', '-', name], { input: archive, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

test('files, folders, links and what is made up, all of root', async () => {
  const folder = folderWith({ a: 'one', 'deep/er/b': '', [`long/${'n'.repeat(200)}`]: 'x' });
  symlinkSync('/etc/passwd', join(folder, 'link'));
  const context = PinnedFolder.open(folder);
  const tar = contextTar(context, ['a', 'deep', 'deep/er', 'deep/er/b', 'link', `long/${'n'.repeat(200)}`, '.dockerignore'], {
    '.dockerignore': 'made up',
  });
  const archive = await buffer(tar.stream);
  await tar.finished;
  context.close();
  expect(contentOf(archive, 'a')).toBe('one');
  expect(contentOf(archive, '.dockerignore')).toBe('made up');
  const names = listed(archive);
  expect(names).toContain('link -> /etc/passwd');
  expect(names).toContain('n'.repeat(200));
  expect(
    names
      .split('\n')
      .filter(line => line !== '')
      .every(line => / (0\/0|root\/root) /.test(line)),
  ).toBe(true);
});

test('a file is read at the length that it has when it is opened, whatever becomes of it', async () => {
  const MiB = 1024 * 1024;
  const folder = folderWith({ small: 'x' });
  for (const name of ['grows', 'shrinks', 'vanishes', 'turns']) writeFileSync(join(folder, name), Buffer.alloc(3 * MiB, name));
  mkdirSync(join(folder, 'gone'));
  const context = PinnedFolder.open(folder);
  const tar = contextTar(context, ['grows', 'gone', 'shrinks', 'turns', 'small', 'vanishes'], {});
  const pieces: Buffer[] = [];
  for await (const piece of tar.stream) {
    // While the first is under way: nothing after it has been opened yet.
    if (pieces.length === 0) {
      appendFileSync(join(folder, 'grows'), 'more');
      rmSync(join(folder, 'gone'), { recursive: true });
      rmSync(join(folder, 'vanishes'));
      rmSync(join(folder, 'turns'));
      symlinkSync('/etc/passwd', join(folder, 'turns'));
    }
    pieces.push(piece);
    if (contentStarted(pieces, 'shrinks')) truncateSync(join(folder, 'shrinks'), MiB);
  }
  await tar.finished;
  context.close();
  const archive = Buffer.concat(pieces);
  expect(listed(archive)).toMatch(/turns -> \/etc\/passwd/);
  expect(listed(archive)).not.toMatch(/gone|vanishes/);
  expect(contentOf(archive, 'grows')).toHaveLength(3 * MiB);
  expect(contentOf(archive, 'shrinks')).toHaveLength(3 * MiB);
  expect(contentOf(archive, 'small')).toBe('x');
});

/** Whether the header of a file is among what was read. */
function contentStarted(pieces: readonly Buffer[], name: string): boolean {
  return pieces.at(-1)?.includes(name) ?? false;
}
