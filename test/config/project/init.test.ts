import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../daemon/config/project/discovery/choose.js';
import { initProject } from '../../../daemon/config/project/init/init.js';
import { find, findOptions, load, tree } from './tree.js';

/** What an ordinary project has: web, worker, database, cache, and a migration that runs once. */
const FIVE = `
services:
  web:
    image: node:22
    ports: ["3000:3000"]
    depends_on:
      migrate: { condition: service_completed_successfully }
      cache: { condition: service_started }
  worker:
    image: python:3.12
    deploy: { resources: { limits: { memory: 300M } } }
    depends_on: [database, cache]
  migrate:
    image: node:22
    restart: "no"
    depends_on: { database: { condition: service_healthy } }
  database:
    image: postgres:16
    mem_limit: 1g
    mem_reservation: 512m
    healthcheck: { test: [CMD, pg_isready] }
  cache:
    image: redis:7
    x-laptop-dev: { memory: { standard: 64MB, maximum: 96MB }, idle: 90s }
`;

const init = (cwd: string, over: { force?: boolean; dryRun?: boolean } = {}) =>
  initProject({ ...findOptions(cwd), force: false, dryRun: false, ...over });

describe('init', () => {
  it('writes a profile for five ordinary services that changes nothing in how they run', async () => {
    const root = tree({ 'compose.yaml': FIVE });
    const before = (await load(root)).spec;
    const { file, text, written, services } = await init(root);
    expect([file, written, services]).toEqual([join(root, 'laptop-dev.yaml'), true, ['web', 'worker', 'migrate', 'database', 'cache']]);
    expect(readFileSync(file, 'utf8')).toBe(text);
    const after = await load(root);
    expect(after.failure).toBeNull();
    expect(after.warnings).toEqual([]);
    expect(after.spec).toEqual(before);
  });

  it('says where each figure is from', async () => {
    const { text } = await init(tree({ 'compose.yaml': FIVE }), { dryRun: true });
    expect(text).toContain('  web:\n    memory: { standard: 256MB, maximum: 512MB, guessed: true } # not set in the Compose file');
    expect(text).toContain('{ standard: 256MB, maximum: 300MB } # maximum: the limit in the Compose file');
    expect(text).toContain('{ standard: 512MB, maximum: 1GB } # the limit and reservation in the Compose file');
    expect(text).toContain(
      '{ standard: 64MB, maximum: 96MB } # as x-laptop-dev in the Compose file has it\n    priority: 50\n    start: eager\n    idle: 90s',
    );
  });

  it('lets sleep what is reached by a port and is not worked on', async () => {
    const compose = `
services:
  app: { build: ., ports: ["8080:80"] }
  live: { image: "acme/live", ports: ["8081:80"], volumes: [".:/srv"] }
  web: { image: "node:22", ports: ["3000:3000"] }
  worker: { image: "acme/worker" }
  db: { image: "postgres:16", ports: ["5432:5432"], volumes: ["./seed:/docker-entrypoint-initdb.d"] }
  mail: { image: "axllent/mailpit", ports: ["1025:1025", "8025:8025"] }
  inner: { image: "mysql:8" }
  any: { image: "redis:7", ports: ["6379"] }
  proxy: { image: "nginx", ports: ["80:80"] }
  dns: { image: "coredns", ports: ["5353:53/udp", "5353:53"] }
  kept: { image: "redis:7", ports: ["6380:6379"], x-laptop-dev: { start: eager } }
`;
    const root = tree({ 'compose.yaml': compose });
    const { text, warnings } = await init(root);
    expect(warnings).toEqual([]);
    const { spec, warnings: after } = await load(root);
    expect(after).toEqual([]);
    const sleeping = spec?.services.filter(service => service.start === 'on-demand' && service.idle === 600_000);
    expect(sleeping?.map(service => service.name)).toEqual(['db', 'mail']);
    expect(spec?.services.filter(service => service.start === 'eager' && service.idle === null)).toHaveLength(9);
    expect(text).toContain('start: on-demand # a connection to port 5432 wakes it\n    idle: 10m\n');
    expect(text).toContain('start: on-demand # a connection to port 1025 or 8025 wakes it\n');
  });

  it('keeps a freezeAfter of x-laptop-dev', async () => {
    const root = tree({
      'compose.yaml': 'services: { a: { image: a, expose: [1], x-laptop-dev: { idle: { freezeAfter: 90s, veto: "true" } } } }',
    });
    const before = (await load(root)).spec;
    expect((await init(root)).text).toContain('idle: { freezeAfter: 90s, stopAfter: never }');
    expect((await load(root)).spec).toEqual(before);
  });

  it('warns of what cannot sleep', async () => {
    const root = tree({ 'compose.yaml': 'services:\n  a:\n    image: a\n    x-laptop-dev: { idle: 5m }\n' });
    expect((await init(root)).warnings).toMatchObject([{ line: 4, key: 'services.a.x-laptop-dev.idle' }]);
  });

  it('writes nothing for --dry-run', async () => {
    const root = tree({ 'compose.yaml': FIVE });
    expect((await init(root, { dryRun: true })).written).toBe(false);
    expect(readdirSync(root)).toEqual(['compose.yaml']);
  });

  it('leaves an existing file alone without force, and no temporary file behind', async () => {
    const root = tree({ 'compose.yaml': FIVE, 'laptop-dev.yaml': '# mine\n' });
    await expect(init(root)).rejects.toMatchObject({ failure: { code: 'usage', message: expect.stringContaining('exists already') } });
    expect(readFileSync(join(root, 'laptop-dev.yaml'), 'utf8')).toBe('# mine\n');
    await init(root, { force: true });
    expect(readFileSync(join(root, 'laptop-dev.yaml'), 'utf8')).toContain('services:');
    expect(readdirSync(root).sort()).toEqual(['compose.yaml', 'laptop-dev.yaml']);
  });

  it('goes beside the Compose file, from a folder below it', async () => {
    const root = tree({ 'compose.yaml': FIVE });
    mkdirSync(join(root, 'src'));
    await init(join(root, 'src'));
    expect(existsSync(join(root, 'laptop-dev.yaml'))).toBe(true);
  });

  it('names the files given with -f', async () => {
    const root = tree({ 'a.yaml': FIVE, 'b.yaml': 'services: { web: { mem_limit: 600m } }' });
    const options = findOptions(root, { files: ['a.yaml', 'b.yaml'] });
    const { text } = await initProject({ ...options, force: false, dryRun: false });
    expect(text).toContain('compose: ["a.yaml", "b.yaml"]');
    expect((await load(root)).spec?.services[0]?.memory.maximum).toBe(600 * 1024 ** 2);
  });

  it('refuses where there is no Compose file, and one with mistakes', async () => {
    await expect(init(tree({}))).rejects.toMatchObject({ failure: { code: 'config-missing' } });
    const root = tree({ 'compose.yaml': 'services:\n  a: { image: a, mem_limit: lots }\n' });
    await expect(init(root)).rejects.toMatchObject({ failure: { code: 'config-invalid', message: expect.stringContaining(':2:') } });
    expect(readdirSync(root)).toEqual(['compose.yaml']);
  });

  it('says when it cannot write', async () => {
    const root = tree({ 'compose.yaml': FIVE });
    mkdirSync(join(root, 'laptop-dev.yaml'));
    writeFileSync(join(root, 'laptop-dev.yaml', 'x'), '');
    await expect(init(root, { force: true })).rejects.toMatchObject({ failure: { code: 'config-invalid' } });
    expect(readdirSync(root).sort()).toEqual(['compose.yaml', 'laptop-dev.yaml']);
  });
});

describe('words of up', () => {
  it('are a profile, then services', async () => {
    const found = await find(tree({ 'compose.yaml': FIVE, '.laptop-dev/small.yaml': 'services: { web: }' }));
    expect(await splitWords(found, ['small', 'web'])).toEqual({ profile: 'small', services: ['web'] });
    expect(await splitWords(found, ['web', 'small'])).toEqual({ profile: null, services: ['web', 'small'] });
    expect(await splitWords(found, [])).toEqual({ profile: null, services: [] });
  });
});
