import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry, WhyView } from '../../daemon/api/contract.js';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { BudgetView, ServiceView } from '../../daemon/api/views.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { type Done, type Stack, stackHome, tell } from './support/stack.js';
import { patience, until } from './support/until.js';

/** A main process that eats memory when it is asked to. */
const HUNGRY = `
process.on('SIGTERM', () => process.exit());
const eaten = [];
require('http').createServer((request, response) => {
  if (request.url === '/eat') for (;;) eaten.push(Buffer.alloc(8 << 20, 1));
  response.end('at your service');
}).listen(9000);
`;

let stack: Stack;
let laptop: Home;
beforeAll(async () => {
  stack = await stackHome();
  laptop = stack.laptop;
});
afterAll(() => laptop?.close());

const notices = async (service: string) => (await laptop.ask<{ notices: LoggedNotice[] }>(['events', service])).notices;
/** The kernel is told whom to kill first: which process it takes otherwise is its own affair. */
const EATER =
  "require('fs').writeFileSync('/proc/self/oom_score_adj', '1000'); const eaten = []; for (;;) eaten.push(Buffer.alloc(8 << 20, 1))";
const eatIn = (service: string) => laptop.cli(['exec', service, 'node', '-e', EATER]);

describe.sequential('a first day with the built-in stack', () => {
  it('up minimal: three services, healthy', { timeout: patience(900_000) }, async () => {
    const result = await laptop.cli(['up', 'minimal', '--json'], { timeout: 900_000 });
    tell('up minimal, images included', result);
    const { services } = result.data<Done>();
    expect(services.map(({ name, state, health }) => `${name} ${state} ${health}`).sort()).toEqual([
      'api running healthy',
      'postgres running healthy',
      'redis running healthy',
    ]);
  });

  it('each container has the limits that the budget gave it', async () => {
    const expected = { api: [256, 512], postgres: [256, 512], redis: [128, 256] } as const;
    const views = await stack.services();
    for (const [name, [standard, maximum]] of Object.entries(expected)) {
      const view = views.find(each => each.name === name);
      expect(view?.memory).toMatchObject({ standard: standard * MiB, maximum: maximum * MiB });
      const grant = view?.memory.grant ?? 0;
      const { HostConfig, State } = await inspect(view?.container ?? name);
      expect(HostConfig).toMatchObject({ Memory: grant, MemorySwap: grant, MemoryReservation: standard * MiB });
      expect(grant).toBeGreaterThanOrEqual(standard * MiB);
      expect(grant).toBeLessThanOrEqual(maximum * MiB);
      expect(['', 'no']).toContain(HostConfig.RestartPolicy.Name);
      expect(HostConfig.PidsLimit).toBeGreaterThan(0);
      expect(HostConfig.ReadonlyRootfs).toBe(true);
      expect(State.Running).toBe(true);
    }
  });

  it('the kernel holds the limit, and the process runs without rights', async () => {
    const grant = (await stack.services()).find(each => each.name === 'api')?.memory.grant;
    const read = 'cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes';
    expect((await laptop.cli(['exec', 'api', 'sh', '-c', read])).stdout.trim()).toBe(`${grant}`);
    const status = (await laptop.cli(['exec', 'api', 'cat', '/proc/1/status'])).stdout;
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Uid:\s+10001\s/m);
  });

  it('a record is written through the API', async () => {
    const answer = await stack.record('first');
    expect([answer.status, await answer.json()]).toEqual([201, expect.objectContaining({ id: 1, name: 'first' })]);
    expect((await fetch(`${stack.api}/health/ready`)).status).toBe(200);
  });

  it('up again with nothing to do changes nothing', async () => {
    const before = await stack.ids();
    const result = await laptop.cli(['up', 'minimal', '--json']);
    tell('up with nothing to do', result);
    const { plan } = result.data<Done>();
    expect(plan).toMatchObject({ starts: [], stops: [], keeps: [...before.keys()].map(name => `${laptop.name}/${name}`).sort() });
    expect(await stack.ids()).toEqual(before);
  });

  it('ps and budget tell the same', async () => {
    // The advisor is of the stack, and starts in this profile only when it is named.
    const views = (await stack.services()).filter(({ name }) => name !== 'llm-advisor');
    const budget = await laptop.ask<BudgetView>(['budget']);
    const grants = (list: readonly { memory: { grant: number } }[]) => list.reduce((sum, each) => sum + each.memory.grant, 0);
    expect(budget.granted).toBe(grants(views));
    expect(budget.holders.map(({ service, grant }) => [service, grant]).sort()).toEqual(
      views.map(({ name, memory }) => [name, memory.grant]),
    );
    expect(budget.granted).toBeLessThanOrEqual(budget.budget);
    for (const { memory } of views) expect(memory.workingSet).toBeGreaterThan(MiB);
    expect(await laptop.api<readonly ServiceView[]>(`/v1/services?project=${laptop.name}`)).toHaveLength(4);
  });

  it('a process in api that takes more than its maximum is killed and reported; the service stays', async () => {
    const before = await inspect((await stack.ids()).get('api') ?? '');
    expect((await eatIn('api')).code).toBe(137);
    const oom = await until('the OOM kill is told', async () => (await notices('api')).find(({ kind }) => kind === 'oom'));
    expect(oom.data).toMatchObject({ reason: 'process-killed', limit: 512 * MiB });
    const why = await laptop.ask<WhyView>(['why', 'api']);
    expect(why.service, JSON.stringify(why.notices)).toMatchObject({ state: 'running', container: before.Id, crashes: 0 });
    expect(why.service.ooms).toBeGreaterThanOrEqual(1);
    expect((await inspect(before.Id)).State.StartedAt).toBe(before.State.StartedAt);
    await stack.answers(`${stack.api}/records/1`);
  });

  it('logs, exec and its exit code', async () => {
    const { lines } = await laptop.ask<{ lines: LogEntry[] }>(['logs', 'api', 'redis']);
    expect(new Set(lines.map(({ service }) => service))).toEqual(new Set(['api', 'redis']));
    expect((await laptop.cli(['logs', 'redis', '--tail', '1'])).stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(await laptop.cli(['exec', 'redis', 'redis-cli', 'ping'])).toMatchObject({ code: 0, stdout: 'PONG\n' });
    expect(await laptop.cli(['exec', 'redis', 'cat'], { input: 'to and fro' })).toMatchObject({ code: 0, stdout: 'to and fro' });
    expect(await laptop.cli(['exec', 'redis', 'sh', '-c', 'echo wrong >&2; exit 7'])).toMatchObject({ code: 7, stderr: 'wrong\n' });
  });
});

describe.sequential('a service whose main process takes too much', () => {
  it('is killed at its limit, said so with the figure, and comes back', async () => {
    const before = await laptop.leftovers();
    const name = `${laptop.name}-hungry`;
    const compose = { image: 'laptop-dev/api', command: ['node', '-e', HUNGRY], ports: [`127.0.0.1:${laptop.env['HUNGRY_PORT']}:9000`] };
    const limits = { mem_limit: '96m', mem_reservation: '48m', init: false, pull_policy: 'never' };
    const cwd = await laptop.project('hungry', { 'compose.yaml': JSON.stringify({ services: { hungry: { ...compose, ...limits } } }) });
    const ask = <T>(args: readonly string[]) => laptop.ask<T>(args, { cwd, env: { COMPOSE_PROJECT_NAME: name } });
    const url = `http://127.0.0.1:${laptop.env['HUNGRY_PORT']}`;

    await ask(['up']);
    await stack.answers(url);
    await fetch(`${url}/eat`).catch(() => undefined);
    const reported = await until('the kill is told', async () =>
      (await ask<{ notices: LoggedNotice[] }>(['events'])).notices.find(
        ({ kind, text }) => kind === 'oom' && /96 MB.*[Ss]tarts again/.test(text),
      ),
    );
    expect(reported.service).toBe('hungry');
    await stack.answers(url);
    const { service } = await until('it runs again', async () => {
      const why = await ask<WhyView>(['why', 'hungry']);
      return why.service.state === 'running' && why;
    });
    expect(service).toMatchObject({ state: 'running', crashes: 1, memory: { grant: 96 * MiB } });
    await ask(['down']);
    expect(await laptop.leftovers()).toEqual(before);
  });
});
