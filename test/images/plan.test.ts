import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planBuild } from '../../daemon/images/plan.js';
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
