import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findConfiguration } from '../../../daemon/config/project/discovery/find.js';
import { movedProject } from '../../../daemon/config/project/discovery/moved.js';
import { loadProject } from '../../../daemon/config/project/load.js';
import type { ProjectSpec } from '../../../daemon/model/spec.js';
import { movedFrom, refuseGone } from '../../../daemon/runtime/effects/moved-folder.js';
import { EMPTY_WORLD } from '../../../daemon/scheduler/state/world.js';
import { containerSpec } from '../../scheduler/specs.js';

const COMPOSE = 'services:\n  web: { image: "web:1" }\n';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ld-moved-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function write(root: string, compose = COMPOSE): string {
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'compose.yaml'), compose);
  return root;
}

/** As `up` names the project in this folder, for a daemon that knows these. */
async function named(root: string, known: readonly ProjectSpec[], projectName: string | null = null): Promise<ProjectSpec> {
  const flags = { project: root, profiles: null, files: [], projectName, envFiles: [], composeProfiles: [] };
  const found = await findConfiguration({ cwd: root, flags, environment: {}, packageRoot: join(import.meta.dirname, '../../..') });
  const taken = Object.fromEntries(known.map(({ name, root: at }) => [name, at]));
  const moved = movedProject(found.root, known)?.name ?? null;
  const { spec } = await loadProject(found, { profile: null, services: null, taken, moved });
  if (!spec) throw new Error('it was not loaded');
  return spec;
}

describe('a project whose folder', () => {
  it('is renamed keeps its name, and keeps it when it is moved back', async () => {
    const at = folder();
    const first = await named(write(join(at, 'shop')), []);
    expect(first.name).toBe('shop');
    renameSync(join(at, 'shop'), join(at, 'shop2'));
    const second = await named(join(at, 'shop2'), [first]);
    expect([second.name, second.root, second.folder]).toEqual(['shop', join(at, 'shop2'), first.folder]);
    renameSync(join(at, 'shop2'), join(at, 'shop'));
    expect((await named(join(at, 'shop'), [second])).name).toBe('shop');
  });

  it('lies in a folder that is renamed keeps its name, which no other root gets as a suffix', async () => {
    const at = folder();
    const first = await named(write(join(at, 'work/shop')), []);
    renameSync(join(at, 'work'), join(at, 'done'));
    expect((await named(join(at, 'done/shop'), [first])).name).toBe('shop');
    const written = await named(write(join(at, 'a/own'), `name: mine\n${COMPOSE}`), []);
    renameSync(join(at, 'a'), join(at, 'b'));
    expect((await named(join(at, 'b/own'), [written])).name).toBe('mine');
  });

  it('is copied is another project, also when the first one is gone later', async () => {
    const at = folder();
    const first = await named(write(join(at, 'a/shop')), []);
    cpSync(join(at, 'a'), join(at, 'b'), { recursive: true });
    expect((await named(join(at, 'b/shop'), [first])).name).toMatch(/^shop-[0-9a-f]{4}$/);
    rmSync(join(at, 'a'), { recursive: true });
    expect((await named(join(at, 'b/shop'), [first])).name).toMatch(/^shop-[0-9a-f]{4}$/);
  });

  it('was deleted does not give its volumes to a new folder that gets its inode', async () => {
    const at = folder();
    const first = await named(write(join(at, 'shop')), []);
    rmSync(join(at, 'shop'), { recursive: true });
    for (let i = 0; i < 20; i++) expect((await named(write(join(at, `other${i}`)), [first])).name).toBe(`other${i}`);
  });

  it('is moved while another project has the name that the new folder would give', async () => {
    const at = folder();
    const shop = await named(write(join(at, 'a/shop')), []);
    const other = await named(write(join(at, 'b/office')), [shop]);
    renameSync(join(at, 'a/shop'), join(at, 'c'));
    mkdirSync(join(at, 'd'));
    renameSync(join(at, 'c'), join(at, 'd/office'));
    expect((await named(join(at, 'd/office'), [shop, other])).name).toBe('shop');
  });

  it('is moved gets another name where one is written down', async () => {
    const at = folder();
    const first = await named(write(join(at, 'shop')), []);
    renameSync(join(at, 'shop'), join(at, 'shop2'));
    expect((await named(join(at, 'shop2'), [first], 'mine')).name).toBe('mine');
    write(join(at, 'shop2'), `name: own\n${COMPOSE}`);
    expect((await named(join(at, 'shop2'), [first])).name).toBe('own');
  });
});

describe('the daemon', () => {
  it('takes a known name from a new folder only when nothing is left in the old one', async () => {
    const at = folder();
    const first = await named(write(join(at, 'shop')), []);
    const entry = {
      spec: first,
      leaving: null,
      listeners: { kind: 'due' },
      listening: false,
      clearing: false,
      due: null,
      clearAt: null,
    } as const;
    const world = { ...EMPTY_WORLD, projects: new Map([['shop', entry]]) };
    const elsewhere = { ...first, root: join(at, 'shop2') };
    expect([movedFrom(world, first), movedFrom(world, elsewhere)]).toEqual([null, null]);
    renameSync(join(at, 'shop'), join(at, 'shop2'));
    expect(movedFrom(world, elsewhere)).toBe(join(at, 'shop'));
    expect(movedFrom(world, { ...elsewhere, name: 'office' })).toBeNull();
  });

  it('starts nothing on a folder that is gone, and names it', () => {
    const root = join(folder(), 'shop');
    const bind = { kind: 'bind', source: join(root, 'data'), target: '/data', readOnly: false } as const;
    const mounting = containerSpec({ mounts: [bind as never] });
    const start = (container: typeof mounting) => () => refuseGone('shop', root, container);
    expect(start(mounting)).toThrow(`The folder of project shop is gone: ${root}. Nothing was started, and nothing was made in its place.`);
    expect(start(containerSpec({ build: { context: root, dockerfile: null } as never }))).toThrow('is gone');
    expect(start(containerSpec({ mounts: [{ ...bind, source: '/elsewhere' } as never] }))).not.toThrow();
    mkdirSync(root);
    expect(start(mounting)).not.toThrow();
    expect(() => refuseGone('shop', '', mounting)).not.toThrow();
  });
});
