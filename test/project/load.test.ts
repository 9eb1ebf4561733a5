import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MiB } from '../../daemon/core/bytes.js';
import { risks } from '../../daemon/core/trust.js';
import { load, PACKAGE, tree } from './tree.js';

const SHOP = `
services:
  web: { image: "node:22", ports: ["3000:3000"], depends_on: [database] }
  worker: { image: "python:3.12", mem_limit: 300m, depends_on: [cache] }
  database: { image: "postgres:16" }
  cache: { image: "redis:7" }
`;

describe('an env_file', () => {
  const file = 'services: { web: { image: "busybox:1", env_file: [own.env, ../elsewhere/secrets] } }';
  const files = { 'shop/compose.yaml': file, 'shop/own.env': 'A=1', 'elsewhere/secrets': 'B=2' };

  it('outside the project is asked for', async () => {
    const root = tree(files);
    const { spec } = await load(root, {}, { project: 'shop' });
    expect(spec?.services[0]?.container?.environment).toEqual({ A: '1', B: '2' });
    expect(spec?.outside).toEqual([join(root, 'elsewhere/secrets')]);
    expect(spec && risks(spec)).toEqual([{ service: 'env_file', what: join(root, 'elsewhere/secrets'), why: expect.any(String) }]);
  });
});

describe('a plain Compose file', () => {
  it('comes up as with Compose, under the usual budgets', async () => {
    const { spec, failure, warnings } = await load(tree({ 'shop/compose.yaml': SHOP, 'shop/x': '' }), {}, { project: 'shop' });
    expect(failure).toBeNull();
    expect(warnings).toEqual([]);
    expect(spec).toMatchObject({ name: 'shop', profile: 'default' });
    expect(
      spec?.services.map(s => [s.name, s.start, s.idle, s.protocol, s.runtime, s.memory.standard / MiB, s.memory.maximum / MiB]),
    ).toEqual([
      ['web', 'eager', null, 'http', 'node', 256, 512],
      ['worker', 'eager', null, 'tcp', 'python', 256, 300],
      ['database', 'eager', null, 'postgres', 'postgres', 256, 512],
      ['cache', 'eager', null, 'redis', 'redis', 128, 256],
    ]);
    expect(spec?.services[0]).toMatchObject({ project: 'shop', priority: 50, startTimeout: 120_000, stopTimeout: 10_000 });
    expect(spec?.services[0]?.configHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('has a service of another Compose profile when that service is named, and starts it only then', async () => {
    const root = tree({ 'compose.yaml': 'services: { a: { image: a }, tool: { image: t, profiles: [debug] } }' });
    const names = async (...args: Parameters<typeof load>) => (await load(...args)).spec?.services.map(s => `${s.name} ${s.start}`);
    expect(await names(root)).toEqual(['a eager']);
    expect(await names(root, { services: ['tool'] })).toEqual(['a eager', 'tool manual']);
    expect(await names(root, {}, { composeProfiles: ['debug'] })).toEqual(['a eager', 'tool eager']);
  });

  it('says which profile does not exist', async () => {
    const { failure } = await load(tree({ 'compose.yaml': SHOP }), { profile: 'minimal' });
    expect(failure).toMatchObject({ code: 'config-missing', message: expect.stringContaining('no profiles') });
  });

  it('says which service does not exist', async () => {
    const { failure } = await load(tree({ 'compose.yaml': SHOP }), { services: ['databse'] });
    expect(failure).toMatchObject({ code: 'not-found', remedies: ['Did you mean database?'] });
  });

  it('thinks of a profile too', async () => {
    const { failure } = await load(tree({ 'x/y': '' }), { services: ['minmal'] });
    expect(failure).toMatchObject({ code: 'not-found', remedies: ['Did you mean minimal?'] });
  });

  it('names a cycle and its place', async () => {
    const root = tree({ 'compose.yaml': 'services: { a: { image: a, depends_on: [b] }, b: { image: b, depends_on: [a] } }' });
    const { failure } = await load(root);
    expect(failure).toMatchObject({ code: 'config-invalid', message: expect.stringMatching(/compose\.yaml:1:\d+: .*a → b → a/) });
  });

  it('refuses names that could not be used', async () => {
    const { failure, problems } = await load(tree({ 'compose.yaml': 'services:\n  My.Web: { image: a }\n' }));
    expect(failure?.code).toBe('config-invalid');
    expect(problems[0]).toMatchObject({ line: 2, column: 3, key: 'services.My.Web' });
  });
});

describe('figures', () => {
  const figures = async (compose: string, profile: string | null = null) => {
    const files = { 'compose.yaml': `services:\n  a:\n    image: a\n    ${compose.replaceAll('\n', '\n    ')}\n` };
    const result = await load(tree(profile === null ? files : { ...files, 'laptop-dev.yaml': `services: { a: ${profile} }` }));
    const a = result.spec?.services[0];
    return { a, memory: a && [a.memory.standard / MiB, a.memory.maximum / MiB], messages: result.problems.map(p => p.message) };
  };

  it.each([
    ['the limit', 'mem_limit: 1g', null, [256, 1024]],
    ['a limit under the usual standard', 'mem_limit: 100m', null, [100, 100]],
    ['limit and reservation', 'mem_limit: 1g\nmem_reservation: 500m', null, [500, 1024]],
    ['a reservation over the usual maximum', 'mem_reservation: 800m', null, [800, 800]],
    ['deploy', 'deploy: { resources: { limits: { memory: 90M }, reservations: { memory: 40M } } }', null, [40, 90]],
    ['x-laptop-dev over the limit', 'mem_limit: 1g\nx-laptop-dev: { memory: { maximum: 300MB } }', null, [256, 300]],
    ['the profile over both', 'mem_limit: 1g\nx-laptop-dev: { memory: { maximum: 300MB } }', '{ memory: { maximum: 128MB } }', [128, 128]],
    ['each figure on its own', 'x-laptop-dev: { memory: { standard: 64MB } }', '{ memory: { maximum: 200MB } }', [64, 200]],
  ])('come from %s', async (_what, compose, profile, expected) => {
    const { memory, messages } = await figures(compose, profile);
    expect(messages).toEqual([]);
    expect(memory).toEqual(expected);
  });

  it.each([
    [
      'mem_reservation: 500m',
      '{ memory: { maximum: 200MB } }',
      'memory.maximum of the profile is 200 MB, less than the memory reservation of the Compose file, 500 MB',
    ],
    [
      'mem_limit: 100m',
      '{ memory: { standard: 200MB } }',
      'the memory limit of the Compose file is 100 MB, less than memory.standard of the profile, 200 MB',
    ],
    ['mem_limit: 4m', null, 'the memory limit of the Compose file is 4194304 bytes'],
    ['x-laptop-dev: { memory: { maximum: 4MB } }', null, 'found "4MB"'],
  ])('that cannot be are refused: %s with %s', async (compose, profile, message) => {
    expect((await figures(compose, profile)).messages).toEqual([message]);
  });

  it('of x-laptop-dev are refused at their own line', async () => {
    const root = tree({ 'compose.yaml': 'services:\n  a:\n    image: a\n    x-laptop-dev:\n      idel: 10m\n      start: nver\n' });
    expect((await load(root)).failure?.message.split('\n')).toEqual([
      '2 mistakes in the configuration:',
      expect.stringMatching(/compose\.yaml:5:7: services\.a\.x-laptop-dev\.idel: unknown key; .*did you mean idle\?$/),
      expect.stringMatching(
        /compose\.yaml:6:14: services\.a\.x-laptop-dev\.start: found "nver"; expected one of eager, on-demand, manual$/,
      ),
    ]);
  });

  it('other than memory: the profile, x-laptop-dev, the Compose file, the default', async () => {
    const compose = 'stop_grace_period: 3s\nx-laptop-dev: { priority: 7, idle: 5m, protocol: http }';
    expect((await figures(compose, '{ priority: 9, runtime: go, start_timeout: 5s }')).a).toMatchObject({
      priority: 9,
      idle: 300_000,
      protocol: 'http',
      runtime: 'go',
      startTimeout: 5000,
      stopTimeout: 3000,
    });
    expect((await figures('', '{ stop_timeout: 1s, idle: never, runtime: none }')).a).toMatchObject({
      stopTimeout: 1000,
      idle: null,
      runtime: null,
    });
  });

  it('wait for a health check that allows more than the default', async () => {
    const check = 'healthcheck: { test: [CMD, "true"], start_period: 5m, interval: 10s, timeout: 5s, retries: 2 }';
    expect((await figures(check)).a?.startTimeout).toBe(330_000);
  });

  it('change the hash when they change the container', async () => {
    const hash = async (compose: string, profile: string | null = null) => (await figures(compose, profile)).a?.configHash;
    const before = await hash('mem_limit: 1g');
    expect(await hash('mem_limit: 1g', '{ priority: 1 }')).toBe(before);
    expect(await hash('mem_limit: 1025m')).not.toBe(before);
    expect(await hash('mem_limit: 1g\nenvironment: { A: "1" }')).not.toBe(before);
  });
});

describe('a profile', () => {
  const starts = async (profile: string) => {
    const { spec, failure } = await load(tree({ 'compose.yaml': SHOP, 'laptop-dev.yaml': profile }));
    expect(failure).toBeNull();
    return Object.fromEntries(spec?.services.map(service => [service.name, service.start]) ?? []);
  };

  it('leaves off what it does not name, and starts on demand what is needed all the same', async () => {
    expect(await starts('services: { web: , worker: { start: manual } }')).toEqual({
      web: 'eager',
      worker: 'manual',
      database: 'on-demand',
      cache: 'manual',
    });
  });

  it('that names nothing is all of them', async () => {
    expect(Object.values(await starts('description: all'))).toEqual(['eager', 'eager', 'eager', 'eager']);
  });

  it('has services of any Compose profile', async () => {
    const compose = 'services: { a: { image: a }, tool: { image: t, profiles: [debug] } }';
    const { spec } = await load(tree({ 'compose.yaml': compose, 'laptop-dev.yaml': 'services: { tool: }' }));
    expect(spec?.services.map(service => `${service.name} ${service.start}`)).toEqual(['a manual', 'tool eager']);
  });

  it('may not name what no Compose file defines, except what the built-in table knows', async () => {
    const compose = { 'compose.yaml': SHOP };
    const wrong = await load(tree({ ...compose, 'laptop-dev.yaml': 'services:\n  web:\n  databas: { start: eager }\n' }));
    expect(wrong.problems).toMatchObject([{ line: 3, column: 3, key: 'services.databas', nearest: 'database' }]);
    const later = await load(tree({ ...compose, 'laptop-dev.yaml': 'extends: base\nservices:\n  web:\n  minio:\n' }));
    expect(later.failure).toBeNull();
    expect(later.warnings).toMatchObject([{ line: 4, message: expect.stringContaining('minio') }]);
  });

  it('is the one of laptop-dev.yaml, else `default`, else the only one, else it must be named', async () => {
    const files = (...names: string[]) => tree({ 'compose.yaml': SHOP, ...Object.fromEntries(names.map(name => [name, 'services: {}'])) });
    const chosen = async (root: string, profile: string | null = null) => (await load(root, { profile })).spec?.profile;
    expect(await chosen(files('laptop-dev.yaml', '.laptop-dev/a.yaml'))).toBe('default');
    expect(await chosen(files('laptop-dev.yaml', '.laptop-dev/a.yaml'), 'a')).toBe('a');
    expect(await chosen(files('.laptop-dev/a.yaml', '.laptop-dev/base.yaml'))).toBe('a');
    const { failure } = await load(files('.laptop-dev/a.yaml', '.laptop-dev/b.yaml'));
    expect(failure).toMatchObject({ code: 'config-missing', message: expect.stringContaining('a, b') });
    expect((await load(files('.laptop-dev/small.yaml'), { profile: 'smal' })).failure?.remedies[0]).toBe('Did you mean small?');
  });

  it('that extends a built-in one runs the Compose file beside it; without one, the built-in stack', async () => {
    const profile = { 'laptop-dev.yaml': 'extends: minimal\nservices: { api: { memory: { maximum: 300MB } } }' };
    const own = 'services: { api: { image: mine }, postgres: { image: p }, redis: { image: r } }';
    const image = async (files: Record<string, string>) => (await load(tree(files))).spec?.services[0]?.container?.image;
    expect(await image({ ...profile, 'compose.yaml': own })).toBe('mine');
    expect(await image(profile)).toBe('laptop-dev/api');
    const { spec } = await load(tree(profile));
    expect(spec).toMatchObject({ name: 'laptop-dev', root: PACKAGE });
    expect(spec && risks(spec)).toEqual([]);
  });

  it('gives way to Compose files named by flag', async () => {
    const root = tree({
      'compose.yaml': SHOP,
      'other.yaml': 'services: { web: { image: other } }',
      'laptop-dev.yaml': 'services: { web: }',
    });
    expect((await load(root, {}, { files: ['other.yaml'] })).spec?.services.map(service => service.container?.image)).toEqual(['other']);
  });
});

describe('the name of the project', () => {
  const root = () => tree({ 'shop/compose.yaml': SHOP });
  it('gets a suffix when another folder has it, on its networks too', async () => {
    const { spec } = await load(join(root(), 'shop'), { taken: { shop: '/elsewhere/shop' } });
    expect(spec?.name).toMatch(/^shop-[0-9a-f]{4}$/);
    expect(spec?.services[0]?.project).toBe(spec?.name);
    expect(spec?.networks.map(network => network.name)).toEqual([`${spec?.name}_default`]);
  });
  it('stands when it was given, or when the folder itself has it', async () => {
    const folder = join(root(), 'shop');
    expect((await load(folder, { taken: { shop: '/elsewhere' } }, { projectName: 'shop' })).spec?.name).toBe('shop');
    expect((await load(folder, { taken: { shop: folder } })).spec?.name).toBe('shop');
  });
});

describe('links', () => {
  it('that lead out of the project are seen through, also where the last part does not exist', async () => {
    const outside = tree({ x: '' });
    const root = tree({ 'compose.yaml': 'services: { a: { image: a, volumes: ["./data:/d", "./link:/l", "./link/new:/n"] } }' });
    mkdirSync(join(root, 'data'));
    symlinkSync(outside, join(root, 'link'));
    const { spec } = await load(root);
    expect(spec && risks(spec).map(risk => risk.what)).toEqual([`volume ${outside} → /l`, `volume ${outside}/new → /n`]);
  });
});

describe('the built-in stack', () => {
  it.each(['minimal', 'typescript', 'full'])('%s loads, is called laptop-dev and needs no trust', async profile => {
    const { spec, failure } = await load(tree({}), { profile });
    expect(failure).toBeNull();
    expect(spec).toMatchObject({ name: 'laptop-dev', root: PACKAGE, profile });
    expect(spec && risks(spec)).toEqual([]);
  });

  it('is minimal unless said otherwise, with the budgets of the table', async () => {
    const { spec, warnings } = await load(tree({}));
    expect(warnings).toEqual([]);
    expect(spec?.profile).toBe('minimal');
    expect(spec?.services.map(s => [s.name, s.start, s.memory.standard / MiB, s.memory.maximum / MiB, s.runtime])).toEqual([
      ['api', 'eager', 256, 512, 'node'],
      ['postgres', 'on-demand', 256, 512, 'postgres'],
      ['redis', 'on-demand', 128, 256, 'redis'],
    ]);
  });
});
