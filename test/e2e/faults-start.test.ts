import { createConnection } from 'node:net';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BudgetView } from '../../daemon/api/views.js';
import type { Failure } from '../../daemon/shared/failure.js';
import { byGear, SEED } from '../support/deep.js';
import { Random } from './kill9/random.js';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { complaint, get, type Sleeper, sleepers } from './support/sleepers.js';
import { idsOf, stays, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

const ROUNDS = byGear({ deep: 100, usual: 5, fast: 5 });

let own: Home;
let cwd: string;
let services: Record<'silent' | 'sick' | 'big' | 'web', Sleeper>;

beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_BUDGET: '128MB', LAPTOP_DEV_COOLDOWN: '1m' });
  const small = { memory: '{ standard: 32MB, maximum: 32MB }', idle: '1h' };
  const made = await sleepers(own, 'start', {
    // Runs, and never listens.
    silent: { ...small, startTimeout: '1500ms', command: stays() },
    // Listens; its own check always fails.
    sick: { ...small, startTimeout: '1500ms', more: 'healthcheck: { test: ["CMD", "false"] }' },
    big: { ...small, memory: '{ standard: 128MB, maximum: 128MB }', idle: '1s' },
    web: small,
  });
  cwd = made.folder;
  services = Object.fromEntries(made.services.map(each => [each.name, each])) as typeof services;
});
afterAll(() => own?.close());

const granted = async () => (await own.api<BudgetView>('/v1/budget')).granted;
async function isRunning(name: string): Promise<boolean> {
  const container = (await idsOf(own, basename(cwd)))[name];
  return container !== undefined && (await inspect(container)).State.Running;
}

describe.sequential('a service that is never healthy', () => {
  it.each(['silent', 'sick'] as const)('%s: has failed when its time is over, is stopped, and gives its grant back', async name => {
    const { status, body } = await get(services[name]);
    expect(status).toBe(503);
    const { error } = JSON.parse(body) as { error: Failure };
    expect(error).toMatchObject({ code: 'unhealthy', message: expect.stringContaining(`${name} was not healthy within`) });
    await until('it has stopped', async () => (await viewIn(own, cwd, name)).state === 'failed');
    expect(await isRunning(name)).toBe(false);
    expect(await granted()).toBe(0);
  });

  it('what needs all of the budget has it then; by hand the start is tried again, and exits with 7', async () => {
    expect(await complaint(services.big)).toBeNull();
    await until('it sleeps', async () => (await granted()) === 0);
    const { code, stderr } = await own.cli(['start', 'silent'], { cwd });
    expect(code).toBe(7);
    expect(stderr).toContain('was not healthy within');
    expect(await granted()).toBe(0);
  });
});

describe.sequential('starts and stops that race', () => {
  /** Connects and asks; resolves when it is answered, refused or closed: nobody is left hanging. */
  function visit({ port }: Sleeper): Promise<void> {
    return new Promise(resolve => {
      const socket = createConnection(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
      socket.resume();
      socket.on('error', () => undefined);
      socket.once('close', () => resolve());
    });
  }

  /** Accepted, not done: its plan is the answer. */
  async function ask(kind: 'start' | 'stop' | 'restart'): Promise<void> {
    for await (const _ of own.client.act(basename(cwd), kind, { services: ['web'] })) {
      // nothing else is waited for
    }
  }

  it(`the last intent wins, whatever is under way, with connections in between: ${ROUNDS} rounds (SEED=${SEED})`, async () => {
    const random = new Random(SEED);
    // Once it has run it keeps its container.
    expect(await complaint(services.web)).toBeNull();
    for (let round = 1; round <= ROUNDS; round++) {
      const asks = Array.from({ length: 2 + random.below(5) }, () => random.pick(['start', 'stop', 'restart', 'visit'] as const));
      const last = round % 2 === 0 ? 'start' : 'stop';
      const visits: Promise<void>[] = [];
      for (const each of asks) {
        if (each === 'visit') visits.push(visit(services.web));
        else await ask(each);
      }
      await ask(last);
      const story = `round ${round}: ${[...asks, last].join(', ')}`;
      const wanted = last === 'start' ? 'running' : 'stopped';
      await until(`${story}: ${wanted}`, async () => (await viewIn(own, cwd, 'web')).state === wanted);
      expect([story, await isRunning('web')]).toEqual([story, last === 'start']);
      await Promise.all(visits);
      const [later, there] = [(await viewIn(own, cwd, 'web')).state, (await own.containers()).length];
      expect([story, later, there]).toEqual([story, wanted, 4]);
    }
  });

  it('two commands at once: both end, and what the engine runs is what ps says', async () => {
    for (let round = 0; round < byGear({ deep: 3, usual: 1, fast: 1 }); round++) {
      const ended = await Promise.all([own.cli(['start', 'web'], { cwd }), own.cli(['stop', 'web'], { cwd }), visit(services.web)]);
      expect(ended.slice(0, 2).map(each => [0, 130].includes(each?.code ?? -1))).toEqual([true, true]);
      const state = await until('it has settled', async () => {
        const view = await viewIn(own, cwd, 'web');
        return view.state === 'running' || view.state === 'stopped' ? view.state : null;
      });
      expect(await isRunning('web')).toBe(state === 'running');
    }
  });
});
