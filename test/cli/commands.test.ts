import { afterEach, describe, expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { Cli, Options } from '../../daemon/cli/cli.js';
import { budgetVerb } from '../../daemon/cli/commands/budget/budget.js';
import { daemonStatusVerb, daemonStopVerb } from '../../daemon/cli/commands/daemon/daemon.js';
import { unitText } from '../../daemon/cli/commands/daemon/install-unit.js';
import { prettyLine } from '../../daemon/cli/commands/daemon/logs.js';
import { versionVerb } from '../../daemon/cli/commands/program/version.js';
import { cleanVerb } from '../../daemon/cli/commands/services/clean.js';
import { downVerb } from '../../daemon/cli/commands/services/down.js';
import { eventsVerb } from '../../daemon/cli/commands/services/events.js';
import { logsVerb } from '../../daemon/cli/commands/services/logs.js';
import { psVerb } from '../../daemon/cli/commands/services/ps.js';
import { restartVerb, startVerb } from '../../daemon/cli/commands/services/start-stop-restart.js';
import { whyVerb } from '../../daemon/cli/commands/services/why.js';
import { redacted } from '../../daemon/cli/report/hidden-spec.js';
import { cliFailure, tell, wantsColour } from '../../daemon/cli/run.js';
import type { Supervisor } from '../../daemon/runtime/supervisor.js';
import { CATALOGUE, type Failure, type FailureCode, FailureError, failure } from '../../daemon/shared/failure.js';
import { fake, lines, notice, type Running, serve, spec, view } from '../server/harness.js';
import { capture, PLAIN, testCli } from './harness.js';

let running: Running | null = null;
afterEach(async () => {
  await running?.stop();
  running = null;
});

async function against(parts: Partial<Supervisor> = {}, past: readonly LoggedNotice[] = []) {
  const double = fake(parts, past);
  const served = await serve(double.supervisor);
  running = served;
  return { double, cli: (options: Options = {}, more: Partial<Cli> = {}) => testCli(served.socket, options, more) };
}

const codeOf = (promise: Promise<unknown>) => promise.then(() => 'none', error => (error instanceof FailureError ? error.failure.code : error)); // biome-ignore format: short

describe('verbs that look', () => {
  it('answer for people, as one envelope with --json, and not at all with --quiet', async () => {
    const { cli } = await against({}, [notice(1, 'api', 'ready', 'is ready')]);
    const verbs: readonly (readonly [string, (cli: Cli, args: readonly string[]) => Promise<number>, readonly string[], RegExp])[] = [
      ['ps', psVerb.run, [], /^NAME +STATE[\s\S]*api[\s\S]*db/],
      ['budget', budgetVerb.run, [], /^0 MB of 8 GB granted/],
      ['why', whyVerb.run, ['api'], /^api is running and healthy: it is eager[\s\S]*is ready/],
      ['events', eventsVerb.run, [], /api {2}ready {6}is ready/],
      ['logs', logsVerb.run, [], /^$/],
      ['version', versionVerb.run, [], /^laptop-dev 9\.9\.9\ndaemon {5}9\.9\.9 \(PID 42\)/],
      ['daemon status', daemonStatusVerb.run, [], /^daemon {2}runs, PID 42/],
      ['clean', cleanVerb.run, [], /^Nothing to clean/],
    ];
    for (const [name, run, args, expected] of verbs) {
      const people = cli();
      expect([name, await run(people.cli, args)]).toEqual([name, 0]);
      expect(people.out.text()).toMatch(expected);
      const json = cli({ json: true });
      await run(json.cli, args);
      expect([name, JSON.parse(json.out.text())]).toEqual([name, { ok: true, data: expect.anything() }]);
      expect(json.out.text().trimEnd()).not.toContain('\n');
      const quiet = cli({ quiet: true });
      await run(quiet.cli, args);
      expect([name, quiet.out.text(), quiet.err.text()]).toEqual([name, '', '']);
    }
  });

  it('ps --json has the services as docs/api.md has them, with the project and those named only', async () => {
    const asked: unknown[] = [];
    const services: Supervisor['services'] = async (...args) => {
      asked.push(args);
      return [view('db'), view('api')];
    };
    const { cli } = await against({ services });
    const { cli: one, out } = cli({ json: true });
    await psVerb.run(one, ['api']);
    expect(JSON.parse(out.text()).data.services).toEqual([view('api')]);
    await psVerb.run(cli({ all: true }).cli, []);
    expect(asked).toEqual([['shop', true], [null, true]]); // biome-ignore format: short
  });

  it('fail with daemon-unavailable when there is no daemon; stop and version do not', async () => {
    const absent = testCli('/nonexistent/daemon.sock');
    for (const { run } of [psVerb, budgetVerb, daemonStatusVerb]) expect(await codeOf(run(absent.cli, []))).toBe('daemon-unavailable');
    expect(await daemonStopVerb.run(absent.cli)).toBe(0);
    expect(await versionVerb.run(absent.cli)).toBe(0);
    expect(absent.out.text()).toContain('is not running');
  });
});

describe('the project that is meant', () => {
  const projects = () => [
    { name: 'tmp', root: '/tmp', profile: 'x' },
    { name: 'usr-a', root: '/usr', profile: 'x' },
    { name: 'usr-b', root: '/usr', profile: 'x' },
  ]; // biome-ignore format: a table
  const whichAt = async (cwd: string, options: Options = {}, env: Record<string, string> = {}) => {
    const asked: unknown[] = [];
    const services: Supervisor['services'] = async project => {
      asked.push(project);
      return [];
    };
    const { cli } = await against({ projects, services });
    const { projectName: _, ...rest } = { projectName: '', ...options };
    const made = cli(rest, { cwd, env });
    const cleaned: Cli = { ...made.cli, options };
    const code = await codeOf(psVerb.run(cleaned, []));
    await running?.stop();
    running = null;
    return code === 'none' ? asked[0] : code;
  };
  it('is named by -p, then by COMPOSE_PROJECT_NAME, then by the folder or one above it', async () => {
    expect(await whichAt('/tmp', { projectName: 'x' }, { COMPOSE_PROJECT_NAME: 'y' })).toBe('x');
    expect(await whichAt('/tmp', {}, { COMPOSE_PROJECT_NAME: 'y' })).toBe('y');
    expect(await whichAt('/tmp')).toBe('tmp');
    expect(await whichAt('/usr/bin')).toBe('usage'); // known under two names
  });
});

describe('verbs that act', () => {
  it('say what happens on stderr and the result on stdout', async () => {
    const { cli, double } = await against({
      act: async (...args) => {
        double.calls.push(['act', ...args]);
        double.emit(notice(1, 'api', 'ready', 'is ready'));
        return {
          ok: true,
          plan: { starts: [], keeps: [], stops: [], sleeps: [], evicts: [], shrinks: [], budget: 1, grantedBefore: 0, grantedAfter: 0 },
        };
      },
    });
    const { cli: one, out, err } = cli();
    expect(await restartVerb.run(one, ['api'])).toBe(0);
    expect(err.text()).toBe('api: is ready\n');
    expect(out.text()).toBe('api: running again\n');
    expect(double.calls[0]).toEqual(['act', { kind: 'restart', project: 'shop', services: ['api'] }, { dryRun: false, trust: false }]);
  });

  it('tell the plan of a dry run and of --no-wait', async () => {
    const { cli, double } = await against();
    const dry = cli({ dryRun: true });
    await startVerb.run(dry.cli, []);
    expect(dry.out.text()).toContain('This would:\n  start  shop/api, limit 512 MB');
    const later = cli({ wait: false });
    await startVerb.run(later.cli, []);
    expect(later.out.text()).toContain('This will:');
    expect(double.calls.map(call => call[0])).toEqual(['act', 'act']);
  });

  it('fail as the service fails, and with 130 when the user leaves', async () => {
    const sick = failure('crash-loop', 'api exited with 1');
    const failing = await against({ settled: async () => sick });
    expect(await codeOf(startVerb.run(failing.cli().cli, ['api']))).toBe('crash-loop');
    await running?.stop();
    const endless: Supervisor['settled'] = (_ids, _goal, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const waiting = await against({ settled: endless });
    const { cli, cancel } = waiting.cli();
    waiting.double.supervisor.subscribe(() => undefined);
    const left = codeOf(startVerb.run(cli, ['api']));
    await expect.poll(() => waiting.double.calls.length).toBe(1);
    cancel();
    expect(await left).toBe('cancelled');
    expect(CATALOGUE.cancelled.exit).toBe(130);
  });

  it('down --all takes every project; volumes are never lost without a yes', async () => {
    const projects = () => [{ name: 'a', root: '/a', profile: 'x' }, { name: 'b', root: '/b', profile: 'x' }]; // biome-ignore format: short
    const { cli, double } = await against({ projects });
    expect(await codeOf(downVerb.run(cli({ volumes: true }).cli))).toBe('usage');
    expect(await codeOf(cleanVerb.run(cli({ volumes: true }).cli))).toBe('none'); // nothing there to lose
    expect(double.calls.filter(call => call[0] === 'act')).toEqual([]);
    const { cli: all, out } = cli({ all: true, volumes: true, yes: true });
    await downVerb.run(all);
    const acted = double.calls.filter(call => call[0] === 'act').map(call => call[1]);
    expect(acted).toEqual([{ kind: 'down', project: 'a', volumes: true }, { kind: 'down', project: 'b', volumes: true }]); // biome-ignore format: short
    expect(out.text()).toBe('a is down; its volumes are removed\nb is down; its volumes are removed\n');
  });

  it('clean --volumes names what would be lost and refuses without a terminal', async () => {
    const { cli } = await against({ clean: async () => ({ containers: [], networks: [], volumes: ['shop_data'] }) });
    await expect(cleanVerb.run(cli({ volumes: true }).cli)).rejects.toThrow(
      'Remove shop_data, with all data in them? There is no terminal to ask for confirmation.',
    );
    const { cli: yes, out } = cli({ volumes: true, yes: true });
    await cleanVerb.run(yes);
    expect(out.text()).toBe('Removed:\n  volumes: shop_data\n');
  });
});

describe('streams', () => {
  it('prefix the lines of several services, and not those of one', async () => {
    const { cli } = await against({ logs: id => lines([{ stream: 'stdout', at: id === 'shop/api' ? 2 : 1, text: `from ${id}` }]) });
    const both = cli();
    await logsVerb.run(both.cli, []);
    expect(both.out.text()).toBe('db  | from shop/db\napi | from shop/api\n');
    const one = cli();
    await logsVerb.run(one.cli, ['db']);
    expect(one.out.text()).toBe('from shop/db\n');
  });

  it('follow until ctrl-C, as NDJSON with --json, and end with 130', async () => {
    const { cli, double } = await against({}, [notice(1, 'api', 'ready')]);
    const { cli: one, out, cancel } = cli({ follow: true, json: true });
    const code = eventsVerb.run(one, ['api']);
    await expect.poll(() => out.text()).toContain('"seq":1');
    double.emit(notice(2, 'db', 'ready'));
    double.emit(notice(3, 'api', 'ready'));
    await expect.poll(() => out.text()).toContain('"seq":3');
    cancel();
    expect(await code).toBe(130);
    expect(out.text().trimEnd().split('\n').map(line => JSON.parse(line).seq)).toEqual([1, 3]); // biome-ignore format: short
  });
});

describe('failures and exit codes', () => {
  it.each(Object.keys(CATALOGUE) as FailureCode[])('%s has its own exit code, in words and as an envelope', code => {
    const value = { code, message: 'It went wrong.', details: { holders: [] }, remedies: [CATALOGUE[code].help] } as Failure;
    const [out, err] = [capture(), capture()];
    expect(tell(value, true, out, err)).toBe(CATALOGUE[code].exit);
    expect(JSON.parse(out.text())).toEqual({ ok: false, error: value });
    expect(err.text()).toBe('');
    tell(value, false, out, err);
    expect(err.text()).toMatch(/^✗ It went wrong\.\n {2}→ /);
  });
  it('what was not expected is a bug: internal, exit 1, with its stack', () => {
    const value = cliFailure(new TypeError('x is not a function'), []);
    expect([value?.code, value && CATALOGUE[value.code].exit]).toEqual(['internal', 1]);
    expect(value?.message).toContain('commands.test.ts');
  });
});

describe('what is shown', () => {
  it('colours only for those who want them', () => {
    const table = [[{}, true, true], [{}, false, false], [{ NO_COLOR: '1' }, true, false], [{ FORCE_COLOR: '1' }, false, true], [{ FORCE_COLOR: '0' }, true, false],
      [{ TERM: 'dumb' }, true, false], [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false], [{ NO_COLOR: '' }, true, true]] as const; // biome-ignore format: a table
    for (const [env, terminal, wanted] of table) expect([env, wantsColour(env, terminal)]).toEqual([env, wanted]);
  });
  it('config show hides every value that may be a secret', () => {
    const shown = JSON.stringify(redacted(spec({ PASSWORD: 'geheim' })));
    expect(shown).toContain('"PASSWORD":"[hidden]"');
    expect(shown).not.toContain('geheim');
  });
  it('daemon logs are for people; foreign lines stay', () => {
    const line = JSON.stringify({ level: 40, time: 0, pid: 1, hostname: 'x', msg: 'slow', ms: 5, id: 'a/b' });
    expect(prettyLine(line, PLAIN)).toBe('1970-01-01 00:00:00 warn  slow ms=5 id=a/b');
    expect(prettyLine('Segmentation fault', PLAIN)).toBe('Segmentation fault');
  });
  it('the unit escapes what systemd would read', () => {
    expect(unitText('ExecStart=@COMMAND@', '/a b/node', ['--x=1'], '/home/50%/$USER/main.js')).toBe(
      'ExecStart="/a b/node" "--x=1" "/home/50%%/$$USER/main.js"',
    );
  });
});
