import { execFileSync } from 'node:child_process';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planBuild } from '../../daemon/images/build/build.js';
import { buildSpec } from './support/build-spec.js';
import { folderWith } from './support/folder.js';

test('a Dockerfile that takes a base gets ours, unless the service names one', () => {
  const folder = folderWith({ Dockerfile: 'ARG BASE=debian:trixie-slim\nFROM $BASE' });
  expect(planBuild('x', buildSpec(folder), null)).toMatchObject({
    args: { BASE: 'laptop-dev/base:trixie' },
    facts: { bases: ['laptop-dev/base:trixie'] },
  });
  expect(planBuild('x', buildSpec(folder, { args: { BASE: 'own' } }), null)).toMatchObject({
    args: { BASE: 'own' },
    facts: { bases: ['own'] },
  });
});

test('a Dockerfile that names its base keeps it', () => {
  expect(planBuild('x', buildSpec(folderWith({ Dockerfile: 'FROM debian:trixie-slim' })), null)).toMatchObject({
    args: {},
    facts: { bases: ['debian:trixie-slim'] },
  });
});

test('an ignore file named after the Dockerfile wins over the general one', () => {
  const folder = folderWith({ 'dev.Dockerfile': 'FROM a', 'dev.Dockerfile.dockerignore': 'mine', '.dockerignore': 'other' });
  expect(planBuild('x', buildSpec(folder, { dockerfile: join(folder, 'dev.Dockerfile') }), null)).toMatchObject({
    ignoreText: 'mine',
    dockerfilePath: 'dev.Dockerfile',
  });
});

test('a Dockerfile outside the context, or inline, has no path in it', () => {
  const folder = folderWith({ 'context/a': '', Dockerfile: 'FROM a' });
  const context = join(folder, 'context');
  expect(planBuild('x', buildSpec(context, { dockerfile: join(folder, 'Dockerfile') }), null).dockerfilePath).toBeNull();
  expect(planBuild('x', buildSpec(context, { dockerfileInline: 'FROM b' }), null)).toMatchObject({
    dockerfilePath: null,
    dockerfile: 'FROM b',
  });
});

test.each([
  ['/does/not/exist', 'its context /does/not/exist does not exist'],
  ['/usr', 'there is no Dockerfile at /usr/Dockerfile'],
])('%s: the failure names the path', (context, words) => {
  expect(() => planBuild('laptop-dev/x', buildSpec(context), null)).toThrow(`laptop-dev/x cannot be built: ${words}`);
});

describe('nothing outside the context is read', () => {
  const planted = (name: string, target: string): string => {
    const folder = folderWith({ Dockerfile: 'FROM a', 'app/x': '' });
    rmSync(join(folder, name), { force: true });
    symlinkSync(target, join(folder, name));
    return folder;
  };
  test.each([
    ['.dockerignore', '/etc/passwd'],
    ['Dockerfile.dockerignore', '../../etc/passwd'],
    ['.dockerignore', 'app/../../outside'],
  ])('%s that is a link to %s is refused', (name, target) => {
    expect(() => planBuild('x', buildSpec(planted(name, target)), null)).toThrow(/is a link to .*, which is not in its folder/);
  });

  test('a Dockerfile, or a folder on the way to the context, that has become a link is a change', () => {
    expect(() => planBuild('x', buildSpec(planted('Dockerfile', '/etc/passwd')), null)).toThrow(/is a link to/);
    const folder = planted('now', 'app');
    expect(() => planBuild('x', buildSpec(join(folder, 'now')), null)).toThrow(
      `${folder}/now is not what it was: it leads to ${folder}/app`,
    );
  });

  test('a link in the context is followed, to the end of it; a pipe is nothing', () => {
    const folder = planted('.dockerignore', 'app/ignore');
    symlinkSync('../rules', join(folder, 'app/ignore'));
    writeFileSync(join(folder, 'rules'), 'x');
    expect(planBuild('x', buildSpec(folder), null).ignoreText).toBe('x');
    const piped = folderWith({ Dockerfile: 'FROM a' });
    execFileSync('mkfifo', [join(piped, '.dockerignore')]);
    expect(planBuild('x', buildSpec(piped), null).ignoreText).toBeNull();
  });
});
