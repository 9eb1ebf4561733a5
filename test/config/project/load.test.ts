import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLAIN_ACTIVATION } from '../../../daemon/model/spec.js';
import { risks, trustParts } from '../../../daemon/model/trust/trust.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { formatProblem, type Problem } from '../../../daemon/shared/problem.js';
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
    expect(spec?.readers).toEqual({ web: [join(root, 'elsewhere/secrets')] });
    expect(spec && risks(spec)).toEqual([{ service: 'env_file', what: join(root, 'elsewhere/secrets'), why: expect.any(String) }]);
  });
});

describe('a file of variables outside the project', () => {
  it('is of no service by itself: all of them run with it', async () => {
    const root = tree({
      'shop/compose.yaml': 'include: [{ path: part.yaml, env_file: ../elsewhere/secrets }]\nservices: { web: { image: "busybox:1" } }',
      'shop/part.yaml': 'services: { job: { image: "busybox:$B" } }',
      'elsewhere/secrets': 'B=2',
    });
    const { spec } = await load(root, {}, { project: 'shop' });
    expect([spec?.outside, spec?.readers]).toEqual([[join(root, 'elsewhere/secrets')], {}]);
    expect(spec && [...(trustParts(spec)?.services ?? [])].sort()).toEqual([
      ['job', null],
      ['web', null],
    ]);
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

  it('does not run what has no containers, nor what else provides, until it is named; nothing waits for it', async () => {
    const root = tree({
      'compose.yaml':
        'services: { a: { image: a, depends_on: [off, none, cloud] }, off: { image: o, scale: 0 }, none: { image: n, deploy: { replicas: 0 } }, cloud: { provider: { type: x } } }',
      'named/laptop-dev.yaml': 'compose: ../compose.yaml\nservices: { a: , off: }',
    });
    const { spec } = await load(root);
    expect(spec?.services.map(s => `${s.name} ${s.start}`)).toEqual(['a eager', 'off manual', 'none manual', 'cloud manual']);
    expect(spec?.services[0]?.dependsOn).toEqual([]);
    // A profile that lists it wants it.
    const named = await load(root, {}, { project: 'named' });
    expect(named.spec?.services.map(s => `${s.name} ${s.start}`)).toEqual(['a eager', 'off eager', 'none manual', 'cloud manual']);
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
    const { failure, problems } = await load(tree({ 'compose.yaml': 'services:\n  My..Web: { image: a }\n' }));
    expect(failure?.code).toBe('config-invalid');
    expect(problems[0]).toMatchObject({ line: 2, column: 3, key: 'services.My..Web' });
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

describe('how a service sleeps', () => {
  const KEYS = '{ idle: { freezeAfter: 2m, stopAfter: 15m, veto: [busy, -q] }, protocol: redis, hold_blocked: true, path: splice }';
  const services = async (compose: string, profile: string | null = null) => {
    const files = { 'compose.yaml': compose };
    const result = await load(tree(profile === null ? files : { ...files, 'laptop-dev.yaml': profile }));
    const said = (problem: Problem) => formatProblem(problem).replace(/^.*\/(?=[^/]*\.yaml:)/, '');
    return { ...result, services: result.spec?.services ?? [], messages: result.problems.map(said), warned: result.warnings.map(said) };
  };

  it('comes from the profile, from x-laptop-dev, or is the plain way', async () => {
    const all = { freezeAfter: 120_000, veto: ['busy', '-q'], holdBlocked: true, readyPath: null, path: 'splice' };
    for (const [compose, profile] of [
      ['services: { a: { image: a } }', `services: { a: ${KEYS} }`],
      [`services: { a: { image: a, x-laptop-dev: ${KEYS} } }`, null],
    ] as const) {
      const {
        services: [a],
      } = await services(compose, profile);
      expect(a).toMatchObject({ idle: 900_000, activation: all });
    }
    const {
      services: [plain],
    } = await services('services: { a: { image: a } }');
    expect(plain).toMatchObject({ idle: null, activation: { ...PLAIN_ACTIVATION, protocolFrom: 'port' } });
  });

  it('is merged by key: profile over x-laptop-dev', async () => {
    const compose = `services: { a: { image: a, x-laptop-dev: ${KEYS} } }`;
    const {
      services: [a],
    } = await services(compose, 'services: { a: { idle: 20m, protocol: http, ready: /up } }');
    expect(a).toMatchObject({
      idle: 1_200_000,
      activation: { freezeAfter: 120_000, veto: ['busy', '-q'], holdBlocked: false, readyPath: '/up', path: 'splice' },
    });
  });

  it('is refused where files contradict each other, at the place that wins', async () => {
    const compose = 'services:\n  a:\n    image: a\n    x-laptop-dev: { idle: { freezeAfter: 2m } }\n';
    expect((await services(compose, 'services:\n  a: { idle: 1m }\n')).messages).toEqual([
      'laptop-dev.yaml:2:8: services.a.idle.freezeAfter: found a freezeAfter of 2m, not shorter than the stopAfter of 1m; expected freezeAfter < stopAfter',
    ]);
  });

  it('has a path to ask for only with HTTP, said or guessed', async () => {
    const ready = (image: string) => services(`services:\n  a:\n    image: ${image}\n    x-laptop-dev: { ready: /up }\n`);
    expect((await ready('nginx')).services[0]?.activation.readyPath).toBe('/up');
    expect((await ready('postgres')).messages).toEqual([
      'compose.yaml:4:28: services.a.x-laptop-dev.ready: is for protocol http only, and the protocol here is postgres; expected protocol: http, or no ready',
    ]);
    expect((await services('services: { a: { image: acme } }', 'services:\n  a: { ready: /up }\n')).messages).toEqual([
      'laptop-dev.yaml:2:15: services.a.ready: is for protocol http only, and the protocol here is tcp; expected protocol: http, or no ready',
    ]);
  });

  it.each([
    ['ports: ["5353:53/udp"]', 'publishes 5353/udp: a datagram cannot wake it'],
    ['network_mode: host', 'has network_mode: host: the daemon cannot listen in its place'],
    ['command: work', 'has no TCP port (ports, expose): no connection can wake it'],
  ])('is warned of where it cannot: %s', async (line, why) => {
    const compose = `services:\n  a:\n    image: acme\n    ${line}\n`;
    const {
      warned,
      services: [a],
      failure,
    } = await services(compose, 'services:\n  a:\n    start: on-demand\n    idle: { freezeAfter: 5m }\n');
    expect(failure).toBeNull();
    expect(a).toMatchObject({ start: 'on-demand', activation: { freezeAfter: 300_000 } });
    expect(warned).toEqual([
      `laptop-dev.yaml:3:12: services.a.start: ${why}; expected eager or manual (it starts with its profile)`,
      `laptop-dev.yaml:4:11: services.a.idle: ${why}; expected never (it is not put to sleep)`,
    ]);
    expect((await services(`${compose}    x-laptop-dev: { idle: 5m, start: on-demand }\n`)).warned).toEqual([
      `compose.yaml:5:38: services.a.x-laptop-dev.start: ${why}; expected eager or manual (it starts with its profile)`,
      `compose.yaml:5:27: services.a.x-laptop-dev.idle: ${why}; expected never (it is not put to sleep)`,
    ]);
  });

  it('is warned of at a port that does not wake it', async () => {
    const compose = 'services:\n  a:\n    image: acme\n    ports: ["80", "8080:80"]\n';
    expect((await services(compose, 'services: { a: { start: on-demand } }')).warned).toEqual([
      'compose.yaml:2:3: services.a.ports: no fixed host port for 80: the engine publishes a free one, and connecting there does not wake it; expected HOST:CONTAINER, as 80:80',
    ]);
    expect((await services(compose)).warned).toEqual([]);
  });

  it('is no matter for a service that is off, nor for one that is on demand because others need it', async () => {
    const compose = 'services: { a: { image: a, depends_on: [b] }, b: { image: b }, redis: { image: r, network_mode: host } }';
    const { warned, services: found } = await services(compose, 'extends: base\nservices: { a: }\n');
    expect(found.map(service => service.start)).toEqual(['eager', 'on-demand', 'manual']);
    expect(warned).toEqual([]);
  });

  it('changes the hash of a service with listeners, also when it is on demand because others need it', async () => {
    const compose = 'services: { a: { image: a, depends_on: [b] }, b: { image: b, ports: ["8080:80"] } }';
    const hashes = async (profile: string) => (await services(compose, profile)).services.map(service => service.configHash);
    const [a, published] = await hashes('services: { a: , b: }');
    expect(await hashes('services: { a: , b: { idle: 5m } }')).toEqual([a, expect.not.stringContaining(published ?? '')]);
    expect(await hashes('services: { a: { idle: 5m, start: manual }, b: { start: manual } }')).toEqual([a, published]);
    expect(await hashes('services: { a: }')).toEqual(await hashes('services: { a: , b: { start: on-demand } }'));
  });
});

describe('running hours', () => {
  it('are those of the profile', async () => {
    const schedule = async (profile: string) => (await load(tree({ 'compose.yaml': SHOP, 'laptop-dev.yaml': profile }))).spec?.schedule;
    expect(await schedule('schedule: { up: "0 9 * * 1-5" }')).toEqual({ up: '0 9 * * 1-5', down: null });
    expect(await schedule('services: {}')).toBeNull();
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
  it.each(['minimal', 'typescript', 'llm', 'llm-llama-server', 'llm-ollama', 'full'])(
    '%s loads, is called laptop-dev and needs no trust',
    async profile => {
      const { spec, failure } = await load(tree({}), { profile });
      expect(failure).toBeNull();
      expect(spec).toMatchObject({ name: 'laptop-dev', root: PACKAGE, profile });
      expect(spec && risks(spec)).toEqual([]);
    },
  );

  it('is minimal unless said otherwise, with the budgets of the table', async () => {
    const { spec, warnings } = await load(tree({}));
    expect(warnings).toEqual([]);
    expect(spec?.profile).toBe('minimal');
    expect(spec?.services.map(s => [s.name, s.start, s.memory.standard / MiB, s.memory.maximum / MiB, s.runtime])).toEqual([
      ['api', 'eager', 256, 512, 'node'],
      ['postgres', 'on-demand', 256, 512, 'postgres'],
      ['redis', 'on-demand', 128, 256, 'redis'],
      ['llm-advisor', 'manual', 1024, 2048, 'llm'],
    ]);
  });
});

describe('a .env that names the Compose files', () => {
  const COMPOSE = 'services: { web: { image: "x:${TAG}-${INNER-no}-${BOTH}" }, more: { image: y, profiles: [extra] } }';
  const files = {
    '.env':
      'COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=docker/a.yaml,docker/b.yaml\nCOMPOSE_PROJECT_NAME=shopx\nCOMPOSE_PROFILES=extra\nTAG=t\nBOTH=outer',
    'docker/a.yaml': COMPOSE,
    'docker/b.yaml': '# nothing yet\n',
  };

  it('counts for them, wherever they lie: variables, name, profiles and separator', async () => {
    const { spec, failure } = await load(tree(files));
    expect(failure).toBeNull();
    expect(spec?.name).toBe('shopx');
    expect(spec?.services.map(s => [s.name, s.container?.image])).toEqual([
      ['web', 'x:t-no-outer'],
      ['more', 'y'],
    ]);
  });

  it('wins over the one beside them, which counts as well, and loses against the environment', async () => {
    const root = tree({ ...files, 'docker/.env': 'INNER=i\nBOTH=inner\nCOMPOSE_PROJECT_NAME=inner' });
    const { spec } = await load(root);
    expect(spec?.name).toBe('shopx');
    expect(spec?.services[0]?.container?.image).toBe('x:t-i-outer');
    const given = await load(root, {}, {}, { BOTH: 'caller', COMPOSE_PROJECT_NAME: 'mine' });
    expect([given.spec?.name, given.spec?.services[0]?.container?.image]).toEqual(['mine', 'x:t-i-caller']);
  });

  it('beside the caller counts when the environment names the files', async () => {
    const root = tree({ '.env': 'TAG=t\nBOTH=b', 'docker/a.yaml': COMPOSE, 'docker/.env': 'TAG=inner' });
    const { spec } = await load(root, {}, {}, { COMPOSE_FILE: 'docker/a.yaml' });
    expect(spec?.services[0]?.container?.image).toBe('x:t-no-b');
    const { spec: flagged } = await load(root, {}, { files: ['docker/a.yaml'] }, { BOTH: 'b' });
    expect(flagged?.services[0]?.container?.image).toBe('x:inner-no-b');
  });

  it('is not read when env files are given', async () => {
    const root = tree({ ...files, other: 'TAG=o\nBOTH=o' });
    const { spec } = await load(root, {}, { envFiles: ['other'] });
    expect(spec?.services[0]?.container?.image).toBe('x:o-no-o');
  });
});

it('includes 106 folders, each with an env file of its own', async () => {
  const names = Array.from({ length: 106 }, (_, index) => `s${index}`);
  const files = Object.fromEntries(
    names.flatMap(name => [
      [`${name}/compose.yml`, `services:\n  ${name}: { image: "x:\${V}" }\n`],
      [`${name}/defaults.env`, `V=${name}`],
    ]),
  );
  const include = names.map(name => `  - { path: ${name}/compose.yml, env_file: ${name}/defaults.env }`).join('\n');
  const { spec, failure } = await load(tree({ ...files, 'compose.yaml': `include:\n${include}\n` }));
  expect(failure).toBeNull();
  expect(spec?.services).toHaveLength(106);
  expect(spec?.services.at(-1)?.container?.image).toBe('x:s105');
});
