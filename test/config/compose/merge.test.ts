import { describe, expect, it } from 'vitest';
import { brief, load, loaded } from './files.js';

/** `web` of two files laid on each other. What Compose answers to larger cases is in oracle.test.ts. */
async function merged(base: string, over: string) {
  const { services } = await loaded(
    { 'compose.yaml': `services: {db: {image: d}, web: {image: x, ${base}}}`, 'over.yaml': `services: {web: {${over}}}` },
    { files: ['compose.yaml', 'over.yaml'] },
  );
  const service = services.find(({ name }) => name === 'web');
  if (service === undefined) throw new Error('there is no service web');
  return service;
}

describe('several files', () => {
  it.each<[string, string, string, unknown]>([
    ['environment by key', 'environment: [A=1, B=2]', 'environment: {B: 3}', { A: '1', B: '3' }],
    ['null does not remove', 'environment: {A: 1}', 'environment:', { A: '1' }],
    ['!reset removes', 'environment: {A: 1}', 'environment: !reset null', {}],
    ['!reset of one key', 'environment: {A: 1, B: 2}', 'environment: {A: !reset null}', { B: '2' }],
    ['!override replaces', 'environment: {A: 1}', 'environment: !override {B: 2}', { B: '2' }],
  ])('%s', async (_title, base, over, expected) => {
    expect((await merged(base, over)).container.environment).toEqual(expected);
  });

  it.each<[string, string, string, readonly number[]]>([
    ['ports are joined', 'ports: ["1:1"]', 'ports: ["2:2"]', [1, 2]],
    ['the same port once', 'ports: ["1:1"]', 'ports: [{target: 1, published: "1"}]', [1]],
    ['!override', 'ports: ["1:1"]', 'ports: !override ["2:2"]', [2]],
    ['!reset', 'ports: ["1:1"]', 'ports: !reset []', []],
  ])('%s', async (_title, base, over, expected) => {
    expect((await merged(base, over)).container.ports.map(port => port.host)).toEqual(expected);
  });

  it('a key without a value, here and in the extended file, is an empty list or mapping', async () => {
    const { services } = await loaded({
      'compose.yaml': 'services: {web: {extends: {file: base.yaml, service: base}, dns: , tmpfs: , environment: }}',
      'base.yaml': 'services: {base: {image: x, dns: , tmpfs: , environment: }}',
    });
    expect(services[0]?.container).toMatchObject({ image: 'x', dns: [], mounts: [], environment: {} });
  });

  it('replaces a mount on the same target in its place', async () => {
    const { container } = await merged('volumes: [/a, "/srv:/b", /c]', 'volumes: [{type: tmpfs, target: /b/}, /d]');
    expect(container.mounts.map(({ kind, target }) => `${kind} ${target}`)).toEqual(['volume /a', 'tmpfs /b', 'volume /c', 'volume /d']);
  });

  it('reads a single value behind !override as if the tag were not there', async () => {
    const { container } = await merged(
      'cpus: 1, tty: false, hostname: a, environment: {A: 1, B: 2}',
      'cpus: !override 2, tty: !override true, environment: {A: !override null, B: !override "a: [b"}',
    );
    expect(container).toMatchObject({ cpus: 2, tty: true, environment: { B: 'a: [b' } });
  });

  it('joins healthcheck by key, its test as a whole', async () => {
    const { container } = await merged('healthcheck: {test: [CMD, a, b], retries: 2}', 'healthcheck: {test: [CMD, c]}');
    expect(container.healthcheck).toMatchObject({ test: ['CMD', 'c'], retries: 2 });
  });

  it('keeps the options of a logging driver only for the same driver', async () => {
    const same = await merged('logging: {driver: local, options: {a: "1"}}', 'logging: {options: {b: "2"}}');
    expect(same.container.logging).toEqual({ driver: 'local', options: { a: '1', b: '2' } });
    const other = await merged('logging: {driver: local, options: {a: "1"}}', 'logging: {driver: syslog, options: {b: "2"}}');
    expect(other.container.logging).toEqual({ driver: 'syslog', options: { b: '2' } });
  });

  it('names the file that a mistake came from', async () => {
    const files = {
      'compose.yaml': 'services:\n  web:\n    image: x\n    mem_limit: 1x\n',
      'over.yaml': 'services:\n  web:\n    cpus: y\n',
    };
    const { problems } = await load(files, { files: ['compose.yaml', 'over.yaml'] });
    expect(problems.map(({ file, line }) => [file.replace(/.*\//, ''), line])).toEqual([
      ['compose.yaml', 4],
      ['over.yaml', 3],
    ]);
  });

  it('reads several documents of one file in order', async () => {
    const { services } = await loaded({ 'compose.yaml': 'services: {web: {image: x, command: a}}\n---\nservices: {web: {command: b}}\n' });
    expect(services[0]?.container.command).toEqual(['b']);
  });
});

describe('extends', () => {
  it('takes relative paths from the file they stand in', async () => {
    const { services } = await loaded({
      'compose.yaml': 'services: {web: {extends: {file: sub/base.yaml, service: base}, volumes: ["./own:/own"]}}',
      'sub/base.yaml': 'services: {base: {extends: {file: deep/root.yaml, service: root}, volumes: ["./base:/base"]}}',
      'sub/deep/root.yaml': 'services: {root: {image: x, volumes: ["./root:/root"]}}',
    });
    const sources = services[0]?.container.mounts.map(mount =>
      mount.kind === 'bind' ? mount.source.replace(/.*\/app\//, '') : mount.kind,
    );
    expect(sources).toEqual(['sub/deep/root', 'sub/base', 'own']);
  });

  it('resets what a service of the other file extends there', async () => {
    const { services } = await loaded({
      'compose.yaml': 'services: {web: {extends: {file: other.yaml, service: base}}}',
      'other.yaml': 'services: {root: {image: x, command: y, ports: ["1:1"]}, base: {extends: root, command: !reset null}}',
    });
    expect(services[0]?.container).toMatchObject({ image: 'x', command: null, ports: [{ host: 1 }] });
  });

  it('refuses a circle through files', async () => {
    const { problems } = await load({
      'compose.yaml': 'services: {a: {extends: {file: other.yaml, service: b}}}',
      'other.yaml': 'services: {b: {extends: {file: compose.yaml, service: a}}}',
    });
    expect(brief(problems)[0]).toContain('services extend each other in a circle: a → b → a');
  });
});

describe('include', () => {
  it('refuses a circle and never fetches', async () => {
    const { problems } = await load({
      'compose.yaml': 'include: [a.yaml]',
      'a.yaml': 'include: [b.yaml, "oci://registry/x"]',
      'b.yaml': 'include: [a.yaml]',
    });
    expect(brief(problems).join('\n')).toMatch(/circle: .*a\.yaml → .*b\.yaml → .*a\.yaml/);
    expect(brief(problems).join('\n')).toContain('files are never fetched from elsewhere');
  });

  it('lets a later file lay something on what an earlier one included', async () => {
    const { services } = await loaded(
      {
        'compose.yaml': 'include: [sub/compose.yaml]',
        'sub/compose.yaml': 'services: {db: {image: d, command: a}}',
        'over.yaml': 'services: {db: {command: b}}',
      },
      { files: ['compose.yaml', 'over.yaml'] },
    );
    expect(services[0]?.container).toMatchObject({ image: 'd', command: ['b'] });
  });

  it('takes the same file twice when both come to the same', async () => {
    const { services } = await loaded({
      'compose.yaml': 'include: [a.yaml, b.yaml]',
      'a.yaml': 'include: [common.yaml]\nservices: {a: {image: x}}',
      'b.yaml': 'include: [common.yaml]\nservices: {b: {image: x}}',
      'common.yaml': 'services: {common: {image: x}}',
    });
    expect(services.map(({ name }) => name).sort()).toEqual(['a', 'b', 'common']);
  });
});
