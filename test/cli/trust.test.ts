import { describe, expect, it } from 'vitest';
import { configValidateVerb } from '../../daemon/cli/commands/project/config.js';
import { initVerb } from '../../daemon/cli/commands/project/init.js';
import { tree } from '../config/project/tree.js';
import { testCli } from './harness.js';

const FILES = {
  'shop/compose.yaml': `services:
  api:
    image: busybox:1
    privileged: true
    cap_add: [CHOWN, SYS_ADMIN]
    security_opt: ["seccomp=unconfined"]
    devices:
      - /dev/null:/dev/x
    sysctls: ["kernel.msgmax=1"]
    volumes:
      - ./src:/src
      - type: bind
        source: ../elsewhere
        target: /there
    secrets:
      - source: key
        target: named
    env_file:
      - own.env
      - ../elsewhere/values.env
    networks: [front]
  plain:
    image: busybox:1
    volumes: [disk:/disk]
networks:
  front:
    ipam:
      config:
        - subnet: 172.30.0.0/16
        - subnet: 203.0.113.0/24
volumes:
  disk:
    driver_opts: { type: ext4, device: /dev/sda1 }
secrets:
  key: { file: ../elsewhere/values.env }
`,
  'shop/compose.override.yaml': 'services:\n  api:\n    logging:\n      driver: local\n      options: { path: /etc/cron.d/x }\n',
  'shop/own.env': 'A=1',
  'elsewhere/values.env': 'B=2',
};

/** `file:line:column what` of each point. */
const PLACES = [
  ['compose.yaml:4:5', 'privileged: true'],
  ['compose.yaml:12:9', '/there'],
  ['compose.yaml:16:9', '/run/secrets/named'],
  ['compose.yaml:8:9', 'device /dev/null'],
  ['compose.yaml:5:22', 'cap_add: SYS_ADMIN'],
  ['compose.yaml:6:20', 'seccomp'],
  ['compose.yaml:9:15', 'sysctl kernel.msgmax=1'],
  ['compose.override.yaml:5:18', 'path=/etc/cron.d/x'],
  ['compose.yaml:20:9', 'elsewhere/values.env'],
  ['compose.yaml:30:11', 'subnet 203.0.113.0/24'],
  ['compose.yaml:33:5', 'type=ext4'],
] as const;

const in_ = (root: string, options: object = {}) => {
  const made = testCli('/nonexistent/daemon.sock', {}, { cwd: `${root}/shop`, env: { HOME: root } });
  return { ...made, cli: { ...made.cli, options } };
};

describe('what will need --trust is said', () => {
  it('by config validate, each point with its place, and it is no mistake', async () => {
    const root = tree(FILES);
    const { cli, out } = in_(root);
    expect(await configValidateVerb.run(cli, [])).toBe(0);
    const [first, second, ...lines] = out.text().trimEnd().split('\n');
    expect(first).toMatch(/^\d files valid: /);
    expect(second).toBe("laptop-dev up needs --trust: 11 points go beyond the project's folder");
    expect(lines).toHaveLength(PLACES.length);
    for (const [place, what] of PLACES)
      expect(lines.filter(line => line.startsWith(`  ${root}/shop/${place}: `) && line.includes(what))).toHaveLength(1);
  });

  it('by both as JSON', async () => {
    const root = tree(FILES);
    const point = {
      service: 'api',
      what: 'privileged: true',
      why: expect.any(String),
      file: `${root}/shop/compose.yaml`,
      line: 4,
      column: 5,
    };
    const checked = in_(root, { json: true });
    await configValidateVerb.run(checked.cli, []);
    const { trust } = JSON.parse(checked.out.text()).data;
    expect(trust).toHaveLength(PLACES.length);
    expect(trust).toContainEqual(point);
    const begun = in_(root, { json: true, dryRun: true });
    await initVerb.run(begun.cli);
    expect(JSON.parse(begun.out.text()).data.trust).toEqual(trust);
  });

  it('by init: beside the text that --dry-run prints, and with what was written', async () => {
    const root = tree(FILES);
    const dry = in_(root, { dryRun: true });
    expect(await initVerb.run(dry.cli)).toBe(0);
    expect(dry.out.text()).not.toContain('--trust');
    expect(dry.err.text()).toMatch(/needs --trust: 11 points[\s\S]*compose\.yaml:4:5: api: privileged/);
    const wet = in_(root);
    await initVerb.run(wet.cli);
    expect(wet.out.text()).toMatch(
      /^Wrote .*\n.*needs --trust: 11 points[\s\S]*compose\.yaml:4:5: api: privileged[\s\S]*\nNext: laptop-dev up\n$/,
    );
  });

  it('not where nothing needs it', async () => {
    const { cli, out } = in_(tree({ 'shop/compose.yaml': 'services: { a: { image: "busybox:1", volumes: [".:/src"] } }' }), { json: true });
    await configValidateVerb.run(cli, []);
    expect(JSON.parse(out.text()).data.trust).toEqual([]);
    const people = in_(tree({ 'shop/compose.yaml': 'services: { a: { image: "busybox:1" } }' }));
    await configValidateVerb.run(people.cli, []);
    expect(people.out.text()).not.toContain('trust');
  });
});
