import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { load, loaded, webFile } from './files.js';

const PLAIN = 'services: {web: {image: x}}\n';

describe("the project's name", () => {
  it.each<[string, string, Parameters<typeof load>[1], string]>([
    ['the option', `name: file\n${PLAIN}`, { projectName: 'option', environment: { COMPOSE_PROJECT_NAME: 'variable' } }, 'option'],
    ['COMPOSE_PROJECT_NAME', `name: file\n${PLAIN}`, { environment: { COMPOSE_PROJECT_NAME: 'variable' } }, 'variable'],
    ['name:', `name: file\n${PLAIN}`, {}, 'file'],
    ['name: with variables', `name: my-\${WHICH:-x}\n${PLAIN}`, {}, 'my-x'],
    ['name: in Compose’s spelling', `name: My Project!\n${PLAIN}`, {}, 'myproject'],
    ['the folder', PLAIN, {}, 'app'],
  ])('%s', async (_title, text, options, name) => {
    expect((await loaded({ 'compose.yaml': text }, options)).name).toBe(name);
  });

  it.each(['../x', 'Upper', 'a b', '-a', 'a'.repeat(64)])('%j is refused', async projectName => {
    const { project, problems } = await load({ 'compose.yaml': PLAIN }, { projectName });
    expect(project).toBeNull();
    expect(problems).toMatchObject([{ file: '--project', message: expect.stringContaining('is not a project name') }]);
  });

  it('is a variable in the file', async () => {
    const { services } = await loaded({ 'compose.yaml': webFile('hostname: ${COMPOSE_PROJECT_NAME}-web') });
    expect(services[0]?.container.hostname).toBe('app-web');
  });
});

describe('networks and volumes', () => {
  it('are named after the project, unless they have a name or exist already', async () => {
    const { networks, volumes } = await loaded({
      'compose.yaml': `${webFile('networks: [a, b, c, default]\nvolumes: [a:/a, b:/b, c:/c, d:/d]')}networks:
  a: {ipam: {config: [{subnet: 10.9.0.0/16}]}}
  b: {name: own}
  c: {external: true}
volumes:
  a:
  b: {name: own}
  c: {external: true}
  d: {external: {name: old}}
  unused:
`,
    });
    expect(networks.map(({ key, name, external }) => [key, name, external])).toEqual([
      ['default', 'app_default', false],
      ['a', 'app_a', false],
      ['b', 'own', false],
      ['c', 'c', true],
    ]);
    expect(networks[1]?.subnets).toEqual(['10.9.0.0/16']);
    expect(volumes.map(({ key, name, external }) => [key, name, external])).toEqual([
      ['a', 'app_a', false],
      ['b', 'own', false],
      ['c', 'c', true],
      ['d', 'old', true],
    ]);
  });
});

describe('addresses in a network', () => {
  it('what the file says of a subnet, and what services have for themselves, goes with the network', async () => {
    const text = `services:
  db: {image: x, networks: {lan: {ipv4_address: 10.9.0.2, ipv6_address: "fd00::2"}, other: }}
  web: {image: x, networks: [lan]}
networks:
  lan:
    ipam: {config: [{subnet: 10.9.0.0/24, ip_range: 10.9.0.128/25, gateway: 10.9.0.254, aux_addresses: {router: 10.9.0.129}}, {subnet: "fd00::/64"}]}
  other:
`;
    const { networks } = await loaded({ 'compose.yaml': text });
    expect(networks[0]).toMatchObject({
      subnets: ['10.9.0.0/24', 'fd00::/64'],
      ranges: [{ subnet: '10.9.0.0/24', range: '10.9.0.128/25', gateway: '10.9.0.254', aux: { router: '10.9.0.129' } }],
      reserved: ['10.9.0.2', 'fd00::2'],
    });
    expect(networks[1]).not.toHaveProperty('ranges');
    expect(networks[1]).not.toHaveProperty('reserved');
  });
});

describe('Compose profiles', () => {
  const text = `services:
  always: {image: x}
  dev: {image: x, profiles: [dev]}
  debug: {image: x, profiles: [debug, extra]}
`;
  it.each<[string, readonly string[], string | undefined, readonly string[]]>([
    ['none', [], undefined, ['always']],
    ['one', ['dev'], undefined, ['always', 'dev']],
    ['all', ['*'], undefined, ['always', 'dev', 'debug']],
    ['from COMPOSE_PROFILES', [], 'extra, nothing', ['always', 'debug']],
    ['the option wins', ['dev'], 'extra', ['always', 'dev']],
  ])('%s', async (_title, profiles, variable, expected) => {
    const { services } = await loaded({ 'compose.yaml': text }, { profiles, environment: { COMPOSE_PROFILES: variable } });
    expect(services.map(({ name }) => name)).toEqual(expected);
  });
});

describe('dependencies', () => {
  it('follow from links and shared namespaces as well', async () => {
    const { services } = await loaded({
      'compose.yaml':
        'services: {a: {image: x}, b: {image: x}, web: {image: x, links: [a], network_mode: "service:b", depends_on: {a: {condition: service_healthy, required: false}}}}',
    });
    expect(services.find(({ name }) => name === 'web')?.dependsOn).toEqual([
      { service: 'a', condition: 'healthy', required: false },
      { service: 'b', condition: 'started', required: true },
    ]);
  });
});

describe('sources', () => {
  it('are all files read, so that a change in one is noticed', async () => {
    const { sources } = await loaded(
      {
        'compose.yaml': 'include: [more/compose.yaml]\nservices: {web: {extends: {file: base.yaml, service: b}, env_file: web.env}}',
        'more/compose.yaml': 'services: {other: {image: x}}',
        'base.yaml': 'services: {b: {image: x}}',
        'over.yaml': 'services: {web: {command: y}}',
        'web.env': 'A=1',
        '.env': 'B=2',
      },
      { files: ['compose.yaml', 'over.yaml'] },
    );
    expect(sources.map(source => (basename(dirname(source)) === 'more' ? 'more/compose.yaml' : basename(source))).sort()).toEqual(
      ['.env', 'base.yaml', 'compose.yaml', 'more/compose.yaml', 'over.yaml', 'web.env'].sort(),
    );
  });
});

describe('secrets and configs from variables and text', () => {
  it('become files with content, read-only ones from files', async () => {
    const { services } = await loaded(
      {
        'compose.yaml': `${webFile('secrets: [token, {source: file, target: /etc/file}]\nconfigs: [{source: text, target: /etc/text, mode: 0400}]')}secrets:
  token: {environment: TOKEN}
  file: {file: ./secret.txt}
configs:
  text: {content: "a=\${TOKEN}"}
`,
        'secret.txt': 'x',
      },
      { environment: { TOKEN: 't0ken' } },
    );
    expect(services[0]?.container.mounts).toEqual([
      { kind: 'content', text: 't0ken', target: '/run/secrets/token', mode: 0o444 },
      expect.objectContaining({
        kind: 'bind',
        source: expect.stringMatching(/app\/secret\.txt$/),
        target: '/etc/file',
        readOnly: true,
        createSource: false,
      }),
      { kind: 'content', text: 'a=t0ken', target: '/etc/text', mode: 0o400 },
    ]);
  });
});
