import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { wayOf } from '../../daemon/cli/commands/diagnose/bug-report.js';
import { hiddenSpec } from '../../daemon/cli/report/hidden-spec.js';
import { environmentSecrets, projectSecrets } from '../../daemon/cli/report/known.js';
import { runOn } from '../platform/wsl/run-cli.js';
import { type Simulated, type SimulatedHost, simulate } from '../platform/wsl/simulated.js';
import { containerSpec, projectSpec, serviceSpec } from '../scheduler/specs.js';
import { fake, notice, serve, view } from '../server/harness.js';
import { capture, testCli } from './harness.js';

/** One for each place where a secret may stand; none looks like a word of the report. */
const CANARY = (place: string) => `canary-${place}-7f3a91`;

const COMPOSE = `services:
  api:
    image: none
    command: ["serve", "--api-token", "${CANARY('argument')}", "--url", "amqp://me:${CANARY('url')}@mq/x"]
    environment: { COLOUR: "${CANARY('variable')}", PASSWORD: "$FROM_DOTENV", DATABASE_URL: "postgres://u:${CANARY('inner')}@db/app" }
    labels: { note: "${CANARY('label')}" }
    build: { context: ., args: { HINT: "${CANARY('build')}" }, dockerfile_inline: "RUN echo ${CANARY('dockerfile')}" }
    healthcheck: { test: ["CMD-SHELL", "curl -H 'X-Auth-Token: ${CANARY('health')}' http://localhost"] }
    secrets: [key]
    volumes: ["v:/data"]
  llm: { image: none, logging: { driver: splunk, options: { splunk-url: "${CANARY('logging')}" } } }
secrets: { key: { environment: FROM_SHELL } }
volumes: { v: { driver_opts: { o: "username=u,${CANARY('volume')}" } } }
`;

const LOGS = {
  'state/daemon.log': `{"level":30,"time":1,"hostname":"h","msg":"pull https://u:${CANARY('logurl')}@reg/x","say":"${CANARY('variable')} ${CANARY('inner')} ${CANARY('dotenv')} ${CANARY('shell')} ${CANARY('environment')} ${CANARY('build')}"}\n`,
  'state/start.log': `Error: bad token=${CANARY('start')}\n    at /home/me/app.js\n`,
  'var/log/laptop-dev-engine/dockerd.log': `time=x level=debug msg="form data: {\\"Env\\":[\\"SHADE=${CANARY('debug')}\\"]}"\nAuthorization: Bearer ${CANARY('bearer')}\n`,
};

const PLANTED: Partial<Simulated> = {
  config: '[wsl2]\nkernel=C:\\\\Users\\\\me\\\\kernel\n',
  files: { 'project/compose.yaml': COMPOSE, 'project/.env': `FROM_DOTENV=${CANARY('dotenv')}\n`, ...LOGS },
};
const ENV = {
  FROM_SHELL: CANARY('shell'),
  MY_API_KEY: CANARY('environment'),
  LAPTOP_DEV_TOKEN: CANARY('setting'),
  LAPTOP_DEV_BUDGET: '4GB',
  DOCKER_HOST: `tcp://u:${CANARY('host')}@127.0.0.1:1`,
};

const opened: SimulatedHost[] = [];
afterEach(() => {
  for (const host of opened.splice(0)) host.remove();
});

function hostWith(parts: Partial<Simulated> = PLANTED, env: Readonly<Record<string, string>> = ENV): SimulatedHost {
  const host = simulate(parts);
  opened.push(host);
  return { ...host, env: { ...host.env, ...env } };
}

describe('laptop-dev bug-report', () => {
  it('without a daemon and without an engine tells what there is, and no planted secret', async () => {
    const { out, code } = await runOn(hostWith(), 'bug-report full --stdout');
    expect(code).toBe(0);
    const titles = [...out.matchAll(/^## (.*)$/gm)].map(match => match[1]?.replace(/ \S+\/(?=[^/]*$)/, ' '));
    expect(titles).toEqual(['Versions', 'Machine', 'Doctor', 'Settings', 'Daemon', 'Configuration', 'End of daemon.log', 'End of start.log', 'End of dockerd.log']); // biome-ignore format: short
    for (const shown of ['No daemon runs.', '[engine-missing]', 'LAPTOP_DEV_BUDGET=4GB', 'LAPTOP_DEV_TOKEN=[redacted]', 'COLOUR: "[hidden]"', 'WSL 2.6.1.0'])
      expect(out).toContain(shown); // biome-ignore format: short
    expect(out).not.toContain('canary');
    expect(out).not.toMatch(/\/home\/me|Users\W+me\b/);
  });

  it('has no name of a session of wslc, which has that of the user', async () => {
    const sessions = { 'wslc-cli-josefine': { running: true }, 'wslc-cli-admin-josefine': { running: false } };
    const host = hostWith({ release: '3.0.1', users: ['josefine'], windowsFree: 1, wslc: { settings: null, sessions } });
    const { out } = await runOn(host, 'bug-report full --stdout');
    expect(out).toContain('[wsl-host-short] Windows itself runs short');
    expect(out).toContain("WSL's own containers have a VM beside this one ([user])");
    expect(out).not.toContain('josefine');
  });

  it('with a daemon has services, budget, leases and notices, redacted as well', async () => {
    const notices = [notice(1, 'api', 'failed', `exited: password ${CANARY('variable')} token=${CANARY('notice')}`)];
    const lease = {
      id: 'x',
      project: 'shop',
      services: ['api'],
      holder: 'client',
      note: `run --key=${CANARY('lease')}`,
      remaining: 5000,
    } as const;
    const services = async () => [view('api', { why: `GET http://me:${CANARY('why')}@x failed` })];
    const { socket, stop } = await serve(fake({ services, leases: () => [lease] }, notices).supervisor);
    const { out } = await runOn(hostWith(), 'bug-report full --stdout', socket);
    await stop();
    expect(out).toMatch(/## Services[\s\S]*shop +api +running[\s\S]*## Budget\n0 B? ?of? ?|## Budget/);
    expect(out).toMatch(/## Leases\nshop: api; client; [\s\S]*5 s left[\s\S]*## Notices\n2023-\S+ {2}info {2}shop\/api {2}failed/);
    expect(out).not.toContain('canary');
  });

  it('takes out what other projects hold: their .env files, and all that the daemon keeps of them', async () => {
    const names = ['dotenv', 'state', 'argument', 'content', 'url', 'log'].map(CANARY);
    const [dotenv, state, argument, content, url] = names;
    const host = hostWith({
      files: {
        'project/compose.yaml': COMPOSE,
        'other/.env': `# of another project\nexport SMTP_PASSWORD="${dotenv}" # x\n`,
        'other/.env.local': 'MODE=development\n',
      },
    });
    const container = {
      environment: { DB_PASSWORD: state, MODE: 'development', DATABASE_URL: `postgres://u:${url}@db/x` },
      build: { args: { NPM_TOKEN: argument } },
      mounts: [{ kind: 'content', target: '/run/secrets/x', text: `${content}\n` }],
    };
    mkdirSync(host.state, { recursive: true });
    writeFileSync(
      join(host.state, 'state.json'),
      JSON.stringify({ version: 1, projects: [{ spec: { root: join(host.root, 'other'), services: [{ name: 'api', container }] } }] }),
    );
    const notices = [notice(1, 'api', 'failed', `exited with 1: ${names.slice(0, 5).join(' ')}; mode development`)];
    const { socket, stop } = await serve(fake({}, notices).supervisor);
    const { out } = await runOn(host, 'bug-report full --stdout', socket);
    await stop();
    expect(out).toContain('exited with 1: [redacted] [redacted] [redacted] [redacted] [redacted]; mode development');
    expect(out).not.toContain('canary');
  });

  it('writes nothing that steers the terminal on which the file is shown', async () => {
    const notices = [notice(1, 'api', 'failed', 'exited: \u001b]52;c;eA==\u0007\u009b2J\u202e\u001b[31mred')];
    const { socket, stop } = await serve(fake({}, notices).supervisor);
    const { out } = await runOn(hostWith(), 'bug-report full --stdout', socket);
    await stop();
    expect(out).toContain('red');
    expect(out).not.toMatch(/[^\P{Cc}\n\t]|\u202e/u);
  });

  it('of a daemon that hangs says so, and goes on', async () => {
    const host = hostWith({});
    const socket = join(host.root, 'hung.sock');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const server = createServer(() => vi.advanceTimersByTime(5_000));
    await new Promise<void>(resolve => server.listen(socket, resolve));
    const { out } = await runOn(host, 'bug-report full --stdout', socket);
    server.close();
    expect(out).toContain('gave no answer within 5 s');
    expect(out).toContain('## Configuration\nname: project');
  });

  it('without a terminal prints and writes nothing; --yes writes, for the owner alone, and overwrites nothing', async () => {
    const host = hostWith({});
    const printed = await runOn(host, 'bug-report full');
    expect(printed.out).toContain('## Doctor');
    expect(printed.err).toContain('Nothing was written');
    const before = readdirSync(host.project);
    const { out, err, code } = await runOn(host, 'bug-report full --yes');
    const [name = ''] = readdirSync(host.project).filter(each => !before.includes(each));
    const file = join(host.project, name);
    expect([code, name]).toEqual([0, expect.stringMatching(/^laptop-dev-report-\d{4}-\d\d-\d\d\.txt$/)]);
    expect(err).toContain(`Wrote ${file}`);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([out, 0o600]);
    writeFileSync(file, 'mine');
    expect((await runOn(host, 'bug-report full --yes')).code).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect((await runOn(host, 'bug-report full --yes --force --output other/x.txt')).code).toBe(2);
    mkdirSync(join(host.project, 'other'));
    const json = await runOn(host, 'bug-report full --yes --json --output other/x.txt');
    expect(JSON.parse(json.out).data.file).toBe(join(host.project, 'other/x.txt'));
  });

  it('is told of a project that cannot be read', async () => {
    const { out } = await runOn(hostWith({ files: { 'project/compose.yaml': 'services: 5\n' } }), 'bug-report full --stdout');
    expect(out).toMatch(/## Configuration\nconfig-invalid: /);
  });
});

it.each([
  [{ stdout: true, yes: true }, true, 'print'],
  [{ yes: true }, false, 'write'],
  [{}, true, 'ask'],
  [{}, false, 'print'],
  [{ json: true }, true, 'print'],
  [{ quiet: true }, true, 'print'],
] as const)('%j on a terminal (%s): %s', (options, terminal, way) => {
  const { cli } = testCli('/nonexistent', options, { interactive: terminal, out: capture(terminal) });
  expect(wayOf(cli)).toBe(way);
});

it('of the environment of a login only secrets are secrets', () => {
  const login = {
    PWD: '/srv/shop',
    OLDPWD: '/srv',
    XDG_SESSION_DESKTOP: 'ubuntu',
    SSH_AUTH_SOCK: '/tmp/ssh',
    AUTH_MODE: 'none',
    HOME: '/home/me',
  };
  expect(environmentSecrets({ ...login, API_KEY: 'abcd', HTTPS_PROXY: 'http://me:prox1@p:80' })).toEqual(['abcd', 'prox1']);
});

it('a value that is a name of the project is no secret, a short password is', () => {
  const container = containerSpec({ environment: { POSTGRES_USER: 'postgres', PASSWORD: 'pw12', PORT: '80800000', MODE: 'fast' } });
  const spec = projectSpec({ name: 'shop', services: [serviceSpec({ name: 'postgres', container })] });
  expect(projectSecrets(spec)).toEqual(['pw12']);
});

it('the word behind a telling flag is hidden, nothing else of a command', () => {
  const container = containerSpec({
    command: ['redis-server', '--requirepass', 'x', '--port', '1', '--maxmemory=5'],
    entrypoint: ['redis-cli', '-a', 'x'],
  });
  const shown = hiddenSpec(projectSpec({ services: [serviceSpec({ container })] })) as { services: { container: object }[] };
  expect(shown.services[0]?.container).toMatchObject({
    command: ['redis-server', '--requirepass', '[redacted]', '--port', '1', '--maxmemory=5'],
    entrypoint: ['redis-cli', '-a', '[redacted]'],
  });
});
