import { describe, expect, it } from 'vitest';
import { isServiceName } from '../../../daemon/shared/names.js';
import { brief, load, loaded, web, webFile } from './files.js';

const two = (base: string, over: string) => load({ 'a.yaml': base, 'b.yaml': over }, { files: ['a.yaml', 'b.yaml'] });

describe('files that say little', () => {
  it('takes a further file of comments alone, and refuses one that is alone', async () => {
    expect((await two(webFile(''), '# for forks\n# services:\n')).problems).toEqual([]);
    expect((await load({ 'compose.yaml': '# nothing\n' })).problems).toHaveLength(1);
  });

  it.each(['!!merge <<: *c', '<<: *c', '<<: [*c]'])('merges %s', async merge => {
    const project = await loaded({ 'compose.yaml': `x-c: &c { image: nginx }\nservices:\n  a:\n    ${merge}\n` });
    expect(project.services[0]?.container.image).toBe('nginx');
  });
});

describe('keys without a value', () => {
  const extending = (base: string, own: string) =>
    load({ 'compose.yaml': `services:\n  a:\n    extends: {file: base.yaml, service: b}\n${own}`, 'base.yaml': `services:\n${base}` });

  it.each(['build', 'depends_on', 'env_file', 'ports'])('%s is a mistake in each service of a file that is extended', async key => {
    const { problems } = await extending(`  b: {image: x}\n  other:\n    image: y\n    ${key}:\n`, '');
    expect(problems.map(problem => [problem.key, problem.message])).toEqual([[`services.other.${key}`, 'is empty']]);
  });

  it('networks is one in the service that is extended alone', async () => {
    const networks = (name: string) => `  ${name}:\n    image: y\n    networks:\n`;
    expect((await extending(`  b: {image: x}\n${networks('c')}`, '')).problems).toEqual([]);
    expect((await extending(networks('b'), '    networks: [default]\n')).problems).toHaveLength(1);
  });

  it.each(['environment', 'labels', 'sysctls', 'annotations', 'tmpfs', 'dns', 'dns_search', 'dns_opt'])(
    '%s says nothing when the extended service does not either',
    async key => {
      expect((await extending(`  b:\n    image: x\n    ${key}:\n`, `    ${key}:\n`)).problems).toEqual([]);
    },
  );

  it('the name of a volume is the usual one where its variable is empty', async () => {
    const files = { 'compose.yaml': `${webFile('volumes: ["d:/d"]')}volumes: {d: {name: "\${NOPE}"}}\n` };
    expect((await loaded(files, { projectName: 'p' })).volumes[0]?.name).toBe('p_d');
  });
});

describe('mounts', () => {
  it('refuses the same target of tmpfs in two files', async () => {
    const { problems } = await two(webFile('tmpfs: [/run]'), 'services:\n  web:\n    tmpfs: ["/run:size=64m"]\n');
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('/run is mounted already')]);
    expect((await two(webFile('tmpfs: [/run]'), 'services:\n  web:\n    tmpfs: /run\n')).problems).toEqual([]);
  });

  it.each(['//srv//data/', '/srv/./data', '/srv/x/../data'])('%s is /srv/data', async source => {
    expect((await web(`volumes: ["${source}:/d"]`)).container.mounts[0]).toMatchObject({ kind: 'bind', source: '/srv/data' });
  });
});

describe('restart_policy', () => {
  it.each([
    ['any', 'always'],
    ['always', 'always'],
    ['unless-stopped', 'always'],
    ['none', 'no'],
    ['no', 'no'],
    ['on-failure', 'on-failure'],
  ])('%s', async (condition, policy) => {
    expect((await web(`deploy: {restart_policy: {condition: "${condition}"}}`)).restart.policy).toBe(policy);
  });

  it('takes an unknown word for always, and says so', async () => {
    const { problems, warnings } = await load({ 'compose.yaml': webFile('deploy: {restart_policy: {condition: allways}}') });
    expect(problems).toEqual([]);
    expect(warnings[0]?.message).toContain('always is taken');
  });
});

describe('names of services', () => {
  it.each(['wazuh.manager', 'Web', '_x', 'a-b_c.d', '9'])('%s stays as it is', async name => {
    const project = await loaded({ 'compose.yaml': `services:\n  ${name}: { build: . }\n` });
    expect(project.services[0]?.name).toBe(name);
    expect(project.services[0]?.container.image).toMatch(/^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/);
    expect(isServiceName(name)).toBe(true);
  });

  it.each(['..', '.a', '-a', 'a..b', '__proto__', 'a/b', 'a b', '', 'x'.repeat(64)])('%j is none', name => {
    expect(isServiceName(name)).toBe(false);
  });

  it('gives two names that differ in their capitals two images', async () => {
    const project = await loaded({ 'compose.yaml': 'services:\n  Web: { build: . }\n  web: { build: . }\n  wEb: { build: . }\n' });
    expect(new Set(project.services.map(({ container }) => container.image)).size).toBe(3);
  });
});

describe('values', () => {
  it('makes the folder of a bind volume absolute, in each spelling of its options', async () => {
    for (const o of ['bind', 'bind,ro', 'rbind']) {
      const project = await loaded({
        'compose.yaml': `${webFile('volumes: ["d:/d"]')}volumes: {d: {driver: local, driver_opts: {type: none, o: "${o}", device: ./data}}}\n`,
      });
      expect(project.volumes[0]?.options['device']).toMatch(/^\/.*\/app\/data$/);
    }
  });

  it('leaves the device of another file system as it is', async () => {
    const project = await loaded({
      'compose.yaml': `${webFile('volumes: ["d:/d"]')}volumes: {d: {driver_opts: {type: nfs, o: addr=10.0.0.1, device: ":/export"}}}\n`,
    });
    expect(project.volumes[0]?.options['device']).toBe(':/export');
  });

  it.each(['environment: {A: }', 'environment: [A]'])('%s over a value asks the environment', async over => {
    const base = 'services:\n  web:\n    image: x\n    environment: { A: "1" }\n';
    const files = { 'a.yaml': base, 'b.yaml': `services:\n  web:\n    ${over}\n` };
    const without = await loaded(files, { files: ['a.yaml', 'b.yaml'] });
    expect(without.services[0]?.container.environment).toEqual({});
    const withValue = await loaded(files, { files: ['a.yaml', 'b.yaml'], environment: { A: '2' } });
    expect(withValue.services[0]?.container.environment).toEqual({ A: '2' });
  });

  it('takes an empty Dockerfile name for the usual one', async () => {
    const service = await web('build: {context: ., dockerfile: "${NOPE:-}"}');
    expect(service.container.build?.dockerfile).toMatch(/\/app\/Dockerfile$/);
  });

  it.each(['scale: 0', 'deploy: {replicas: 0}', 'deploy: {replicas: "0"}'])('%s is off', async lines => {
    expect((await web(lines)).off).toBe(true);
  });
});

describe('a value that an unset variable leaves wrong', () => {
  it.each([
    ['image: "nginx:${VERSION}"', 'services.web.image', '"nginx:" is not the name of an image; VERSION is not set'],
    ['image: "${REPO}/nginx:${VERSION-1}"', 'services.web.image', '"/nginx:1" is not the name of an image; REPO is not set'],
    ['image: "${IMAGE}"', 'services.web.image', 'is empty, and there is no build; IMAGE is not set'],
    ['image: x\n    ports: ["${FROM}-${TO}:80"]', 'services.web.ports[0]', '"-:80": "-" is not a host port; FROM and TO are not set'],
    ['image: x\n    mem_limit: "${MEM}x"', 'services.web.mem_limit', '"x" is not a size; MEM is not set'],
  ])('%s', async (lines, key, message) => {
    const { problems } = await load({ 'compose.yaml': `services:\n  web:\n    ${lines}\n` });
    expect(problems.map(problem => [problem.key, problem.message])).toContainEqual([key, message]);
  });
});

describe('braces', () => {
  it.each([
    ['${X:-{}', '{'],
    ['${X:-{"a":1}}', '{"a":1}'],
    ['${X:-a}b}', 'ab}'],
    ['${Y:+{{.Name}}}', '}'],
    ['${X:-${Z:-in}}', 'in'],
    ['${X:-http://h:1/?a=b&c={d}}', 'http://h:1/?a=b&c={d}'],
    ['{{ .Node.Hostname }}-${X:-z}', '{{ .Node.Hostname }}-z'],
  ])('%s', async (text, expected) => {
    expect((await web(`environment: {A: '${text}'}`)).container.environment).toEqual({ A: expected });
  });
});

describe('what is not done', () => {
  const said = async (lines: string) => brief((await load({ 'compose.yaml': webFile(lines) })).warnings);

  it.each(['pre_start: [{command: [./migrate.sh]}]', 'use_api_socket: true', 'post_start: [{command: x}]', 'frobnicate_mode: fast'])(
    '%s warns and the file stays right',
    async lines => {
      const { problems, warnings } = await load({ 'compose.yaml': webFile(lines) });
      expect(problems).toEqual([]);
      expect(warnings).toHaveLength(1);
    },
  );

  it.each(['imgae: x', 'enviroment: {A: 1}', 'FOO: bar'])('%s stays a mistake', async lines => {
    expect((await load({ 'compose.yaml': webFile(lines) })).problems).toHaveLength(1);
  });

  it('stays a mistake at the top, where it is a service without its indentation', async () => {
    expect((await load({ 'compose.yaml': `${webFile('')}worker:\n  image: x\n` })).problems).toHaveLength(1);
  });

  it('puts what breaks before what does not, and what nobody misses into one line', async () => {
    const lines = await said(
      'attach: true\nvolumes: ["./a:/a:z", "./b:/b:cached"]\nhostname: $A\nlabels: {a: $A, b: $A}\nuse_api_socket: true\ndeploy: {placement: {}}',
    );
    expect(lines[0]).toContain('services.web.use_api_socket: is not done');
    expect(lines).toHaveLength(3);
    expect(lines.join('\n')).toContain('the variable A is not set; an empty text is used, here and in 2 more places');
    expect(lines.join('\n')).toContain('without effect here, and not missed: attach, cached, placement, z');
  });

  it('warns that a provider is not run, and does not ask for an image', async () => {
    const { problems, warnings, project } = await load({
      'compose.yaml': 'services:\n  db: { provider: { type: cloud } }\n  app: { image: x, depends_on: [db] }\n',
    });
    expect(problems).toEqual([]);
    expect(brief(warnings)).toEqual([expect.stringContaining('services.db.provider: is not run')]);
    expect(project?.services.map(({ off }) => off)).toEqual([true, false]);
  });
});

describe('additional_contexts', () => {
  const building = (context: string) =>
    load({ 'compose.yaml': `services:\n  a: { build: { context: ., additional_contexts: ${context} } }\n  b: { build: ./b }\n` });

  it.each(['{base: "service:b"}', '["base=service:b"]', '{data: ./data}'])('%s is warned of', async context => {
    const { problems, warnings } = await building(context);
    expect(problems).toEqual([]);
    expect(brief(warnings)).toEqual([expect.stringContaining('services.a.build.additional_contexts: is not done')]);
  });

  it.each(['{base: "service:nope"}', '["base=service:nope"]'])('%s names no service', async context => {
    expect((await building(context)).problems.map(({ message }) => message)).toEqual(['no service "nope" is defined']);
  });
});

describe('GPUs', () => {
  const gpu = { driver: null, count: -1, ids: [], capabilities: ['gpu'], options: {} };
  const reserved = (device: string) => `deploy: {resources: {reservations: {devices: [${device}]}}}`;
  it.each([
    ['gpus: all', gpu],
    ['gpus: [{driver: nvidia, count: 2}]', { ...gpu, driver: 'nvidia', count: 2 }],
    [reserved('{capabilities: [gpu]}'), gpu],
    [reserved('{capabilities: [gpu], driver: nvidia, device_ids: ["0", "3"]}'), { ...gpu, driver: 'nvidia', count: 0, ids: ['0', '3'] }],
    [reserved('{capabilities: [gpu, compute], count: all}'), { ...gpu, capabilities: ['gpu', 'compute'] }],
  ])('%s', async (lines, expected) => {
    expect((await web(lines)).container.deviceRequests).toEqual([expected]);
  });

  it('asks for the runtime that is named', async () => {
    expect((await web('runtime: nvidia')).container.engineRuntime).toBe('nvidia');
    expect('deviceRequests' in (await web('tty: true')).container).toBe(false);
  });
});
