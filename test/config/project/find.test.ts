import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { find, PACKAGE, tree } from './tree.js';

const COMPOSE = 'services: { a: { image: a } }';
const PROFILE = 'services: { a: }';

describe('findConfiguration', () => {
  it('takes the nearest folder upwards', async () => {
    const root = tree({ 'compose.yaml': COMPOSE, 'sub/compose.yaml': COMPOSE, 'sub/deep/er/x': '', 'other/x': '' });
    expect(await find(join(root, 'sub/deep/er'))).toMatchObject({ origin: 'compose', root: join(root, 'sub') });
    expect(await find(join(root, 'other'))).toMatchObject({ root, composeFiles: [join(root, 'compose.yaml')] });
  });

  it('takes profiles and the Compose file of one folder together', async () => {
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': PROFILE, '.laptop-dev/b.yaml': PROFILE, '.laptop-dev/a.yml': PROFILE });
    expect(await find(root)).toMatchObject({
      origin: 'profiles',
      root,
      sources: { files: ['laptop-dev.yaml', '.laptop-dev/a.yml', '.laptop-dev/b.yaml'].map(name => join(root, name)) },
      composeFiles: [join(root, 'compose.yaml')],
      composeGiven: false,
    });
  });

  it.each([
    [['docker-compose.yaml'], ['docker-compose.yaml']],
    [['docker-compose.yaml', 'docker-compose.yml'], ['docker-compose.yml']],
    [['docker-compose.yml', 'compose.yml'], ['compose.yml']],
    [['compose.yml', 'compose.yaml'], ['compose.yaml']],
    [
      ['compose.yaml', 'compose.override.yaml'],
      ['compose.yaml', 'compose.override.yaml'],
    ],
    [
      ['docker-compose.yml', 'docker-compose.override.yml'],
      ['docker-compose.yml', 'docker-compose.override.yml'],
    ],
  ])('of %j uses %j', async (present, used) => {
    const root = tree(Object.fromEntries(present.map(name => [name, COMPOSE])));
    expect((await find(root)).composeFiles).toEqual(used.map(name => join(root, name)));
  });

  it('falls back to the built-in stack, also inside its own folder', async () => {
    const builtIn = { origin: 'built-in', root: PACKAGE, sources: { builtIn: join(PACKAGE, 'profiles') } };
    expect(await find(tree({}))).toMatchObject(builtIn);
    expect(await find(join(PACKAGE, 'compose'))).toMatchObject(builtIn);
    expect(await find(PACKAGE)).toMatchObject(builtIn);
  });

  it('reads the variables of Compose, from the environment and COMPOSE_FILE from .env', async () => {
    const root = tree({ 'x/a.yaml': COMPOSE, 'x/b.yaml': COMPOSE, 'y/.env': 'COMPOSE_FILE=in/c.yaml' });
    const environment = {
      COMPOSE_FILE: 'x/a.yaml,x/b.yaml',
      COMPOSE_PATH_SEPARATOR: ',',
      COMPOSE_PROJECT_NAME: 'n',
      COMPOSE_PROFILES: 'p, q',
    };
    expect(await find(root, {}, { ...environment, COMPOSE_ENV_FILES: 'x/.env' })).toMatchObject({
      root: join(root, 'x'),
      composeFiles: [join(root, 'x/a.yaml'), join(root, 'x/b.yaml')],
      composeGiven: true,
      projectName: 'n',
      composeProfiles: ['p', 'q'],
      envFiles: [join(root, 'x/.env')],
    });
    expect(await find(join(root, 'y'))).toMatchObject({ origin: 'compose', composeFiles: [join(root, 'y/in/c.yaml')] });
  });

  it('lets a flag win over the environment, and takes a variable that is empty for none', async () => {
    const root = tree({ 'a/compose.yaml': COMPOSE, 'b/compose.yaml': COMPOSE, 'p/x.yaml': PROFILE, 'q/y.yaml': PROFILE });
    const environment = { LAPTOP_DEV_PROJECT: 'a', LAPTOP_DEV_PROFILES: 'p', COMPOSE_PROJECT_NAME: 'env', COMPOSE_FILE: '' };
    expect(await find(root, {}, environment)).toMatchObject({
      root: join(root, 'a'),
      sources: { files: [join(root, 'p/x.yaml')] },
      projectName: 'env',
      composeGiven: false,
    });
    const flags = { project: 'b', profiles: 'q/y.yaml', projectName: 'flag' };
    expect(await find(root, flags, environment)).toMatchObject({
      root: join(root, 'b'),
      sources: { files: [join(root, 'q/y.yaml')] },
      projectName: 'flag',
    });
  });

  it('takes for the root of given profiles the folder around .laptop-dev', async () => {
    const root = tree({ 'p/.laptop-dev/x.yaml': PROFILE, 'else/x': '' });
    expect(await find(join(root, 'else'), { profiles: '../p/.laptop-dev' })).toMatchObject({ origin: 'profiles', root: join(root, 'p') });
  });

  it('resolves a link to the project, so that two ways to it are one project', async () => {
    const root = tree({ 'real/compose.yaml': COMPOSE });
    symlinkSync(join(root, 'real'), join(root, 'link'));
    expect((await find(join(root, 'link'))).root).toBe(join(root, 'real'));
  });

  it.each([
    ['a project that is no folder', { project: 'none' }, 'is not a folder'],
    ['a project without configuration', { project: 'empty' }, 'neither a laptop-dev.yaml nor a Compose file'],
    ['profiles that are not there', { profiles: 'none' }, 'there are no profiles at'],
    ['a folder without profiles', { profiles: 'empty' }, 'has no profile'],
  ])('refuses %s', async (_what, flags, message) => {
    const root = tree({ 'empty/x': '' });
    await expect(find(root, flags)).rejects.toMatchObject({
      failure: { code: 'config-missing', message: expect.stringContaining(message) },
    });
  });
});
