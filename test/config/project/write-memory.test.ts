import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initProject } from '../../../daemon/config/project/init/init.js';
import { type MemoryWrite, writeMemory } from '../../../daemon/config/project/write/memory.js';
import type { Memory } from '../../../daemon/model/spec.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { FailureError } from '../../../daemon/shared/failure.js';
import { find, findOptions, load, tree } from './tree.js';

const COMPOSE = `services:
  web: { image: "node:22", depends_on: [db] }
  db: { image: "postgres:16", mem_limit: 1g }
  cache: { image: "redis:7", x-laptop-dev: { memory: { standard: 64MB, maximum: 96MB } } }
`;
const OWN = `# ours
services:
  web:
    memory: { standard: 256MB, maximum: 512MB } # guessed

  db: { start: on-demand,   idle: 10m }
`;

const memory = (standard: number, maximum: number): Memory => ({ standard: standard * MiB, maximum: maximum * MiB });
const write = async (root: string, figures: Readonly<Record<string, Memory>>, over: Partial<MemoryWrite> = {}, flags = {}) =>
  writeMemory(await find(root, flags), { profile: null, root: null, figures: new Map(Object.entries(figures)), ...over });
const text = (root: string, file = 'laptop-dev.yaml') => readFileSync(join(root, file), 'utf8');
const memoryIn = async (root: string, name: string, profile: string | null = null) =>
  (await load(root, { profile })).spec?.services.find(service => service.name === name)?.memory;
const codeOf = (promise: Promise<unknown>) => promise.then(() => 'none', error => (error instanceof FailureError ? error.failure.code : error)); // biome-ignore format: short

describe('advised figures', () => {
  it('go into the own profile, and nothing else changes; once more, and there is nothing to write', async () => {
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': OWN });
    chmodSync(join(root, 'laptop-dev.yaml'), 0o640);
    const figures = { web: memory(128, 512), db: memory(320, 640) };
    const { changes, files, left } = await write(root, figures);
    expect(changes).toEqual([
      { service: 'web', before: { standard: 256 * MiB }, after: { standard: 128 * MiB } },
      { service: 'db', before: { standard: 256 * MiB, maximum: 1024 * MiB }, after: { standard: 320 * MiB, maximum: 640 * MiB } },
    ]);
    expect(text(root)).toBe(
      OWN.replace('256MB', '128MB').replace('idle: 10m }', 'idle: 10m, memory: { standard: 320MB, maximum: 640MB } }'),
    );
    expect(files).toEqual([{ file: join(root, 'laptop-dev.yaml'), before: OWN, after: text(root) }]);
    expect(left).toEqual([]);
    expect(statSync(join(root, 'laptop-dev.yaml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(root).sort()).toEqual(['compose.yaml', 'laptop-dev.yaml']);
    expect([await memoryIn(root, 'web'), await memoryIn(root, 'db')]).toEqual([figures.web, figures.db]);
    expect(await write(root, figures)).toEqual({ changes: [], files: [], left: [] });
  });

  it('of a service that no own file names are not written: that would make it a part of the profile', async () => {
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': OWN });
    const { changes, left } = await write(root, { cache: memory(32, 64) });
    expect([changes, left, text(root)]).toEqual([[], [{ service: 'cache', reason: expect.stringContaining('no profile file') }], OWN]);
  });

  it('go into the file that has the say: the table of the project, else the profile', async () => {
    const root = tree({
      'compose.yaml': COMPOSE,
      '.laptop-dev/base.yaml': 'services:\n  web: { memory: { standard: 256MB, maximum: 512MB } }\n  cache: { priority: 1 }\n',
      '.laptop-dev/all.yaml': 'extends: base\nservices:\n  web: { memory: { maximum: 600MB } }\n  db:\n',
    });
    await write(root, { web: memory(128, 256), db: memory(64, 1024), cache: memory(32, 96) });
    expect(text(root, '.laptop-dev/base.yaml')).toBe(
      'services:\n  web: { memory: { standard: 128MB, maximum: 512MB } }\n  cache: { priority: 1, memory: { standard: 32MB } }\n',
    );
    expect(text(root, '.laptop-dev/all.yaml')).toBe(
      'extends: base\nservices:\n  web: { memory: { maximum: 256MB } }\n  db: { memory: { standard: 64MB } }\n',
    );
    expect(await memoryIn(root, 'web', 'all')).toEqual(memory(128, 256));
  });

  it('that a built-in profile sets go into the own file that extends it', async () => {
    const own = 'name: mine\nextends: minimal\nservices:\n  postgres: {}\n';
    const root = tree({ 'laptop-dev.yaml': own });
    const before = await memoryIn(root, 'api');
    const { left } = await write(root, { postgres: memory(128, 256), api: memory(64, 128) }, { profile: 'mine' });
    expect(text(root)).toBe(own.replace('{}', '{ memory: { standard: 128MB, maximum: 256MB } }'));
    expect(left).toMatchObject([{ service: 'api' }]);
    expect(await memoryIn(root, 'api')).toEqual(before);
  });

  it('that others share by an anchor are left as they are, and said', async () => {
    const own = 'services:\n  web: { memory: &usual { standard: 256MB, maximum: 512MB } }\n  db: { memory: *usual }\n';
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': own });
    const { changes, left } = await write(root, { web: memory(128, 256), db: memory(64, 128) });
    expect([changes, left.map(({ service }) => service), text(root)]).toEqual([[], ['web', 'db'], own]);
    expect(left[0]?.reason).toContain('anchor');
  });

  it('follow a link to the file and keep the link', async () => {
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': OWN });
    mkdirSync(join(root, 'dotfiles'));
    renameSync(join(root, 'laptop-dev.yaml'), join(root, 'dotfiles/shop.txt'));
    symlinkSync('dotfiles/shop.txt', join(root, 'laptop-dev.yaml'));
    expect((await write(root, { web: memory(128, 512) })).changes).toHaveLength(1);
    expect(lstatSync(join(root, 'laptop-dev.yaml')).isSymbolicLink()).toBe(true);
    expect(text(root, 'dotfiles/shop.txt')).toBe(OWN.replace('256MB', '128MB'));
  });

  it('go into what init has written', async () => {
    const root = tree({ 'compose.yaml': COMPOSE });
    const before = (await initProject({ ...findOptions(root), force: false, dryRun: false })).text;
    const { changes } = await write(root, { web: memory(128, 256), db: memory(320, 640), cache: memory(16, 32) });
    expect(changes).toHaveLength(3);
    const after = text(root);
    expect(after.split('\n').length).toBe(before.split('\n').length);
    expect(after.replace(/memory: \{.*\}/g, '')).toBe(before.replace(/memory: \{.*\}/g, ''));
  });

  it('have no place with a Compose file alone, with the built-in stack, or for another project', async () => {
    const figures = { web: memory(128, 256) };
    const plain = tree({ 'compose.yaml': COMPOSE });
    await expect(write(plain, figures)).rejects.toMatchObject({
      failure: { code: 'config-missing', remedies: [expect.stringContaining('laptop-dev init')] },
    });
    await expect(write(tree({}), figures, { profile: 'full' })).rejects.toMatchObject({
      failure: { code: 'config-missing', remedies: [expect.stringContaining('extends: full')] },
    });
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': OWN });
    expect(await codeOf(write(root, figures, { root: '/elsewhere' }))).toBe('usage');
    expect(await codeOf(write(root, figures, { profile: 'nonesuch' }))).toBe('config-missing');
    expect(await codeOf(write(tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': 'servces: {}' }), figures))).toBe('config-invalid');
    expect(text(root)).toBe(OWN);
  });
});
