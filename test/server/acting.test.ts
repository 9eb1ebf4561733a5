import { describe, expect, it } from 'vitest';
import type { WorkLine } from '../../daemon/api/contract.js';
import type { Supervisor } from '../../daemon/runtime/supervisor.js';
import { failure } from '../../daemon/shared/failure.js';
import { all, connected, EMPTY_PLAN, fake, notice, PLAN, spec, view } from './harness.js';

const connect = (...made: Parameters<typeof fake>) => connected(fake(...made));

describe('acting', () => {
  it('answers with the plan at once when nobody waits', async () => {
    const { client, double } = await connect();
    expect(await all(client.act('shop', 'up', { spec: spec(), services: ['api'], trust: true }))).toEqual([{ type: 'plan', plan: PLAN }]);
    expect(double.calls).toEqual([
      ['act', { kind: 'up', spec: spec(), services: ['api'], recreate: false }, { dryRun: false, trust: true }],
    ]);
  });

  it('does not wait for a dry run', async () => {
    const { client, double } = await connect();
    await all(client.act('shop', 'down', { dryRun: true, wait: true, volumes: true }));
    expect(double.calls).toEqual([['act', { kind: 'down', project: 'shop', volumes: true }, { dryRun: true, trust: false }]]);
  });

  it('tells the plan, what happens, and the result', async () => {
    let reach: ((value: null) => void) | undefined;
    const settled = new Promise<null>(resolve => {
      reach = resolve;
    });
    const { client, double } = await connect({ settled: () => settled });
    const seen: string[] = [];
    for await (const work of client.act('shop', 'up', { spec: spec(), services: null, wait: true })) {
      seen.push(work.type);
      if (work.type !== 'plan') continue;
      double.emit(notice(1, 'other', 'ready', 'ready', 'another-project'));
      double.emit(notice(2, 'api', 'ready'));
      reach?.(null);
    }
    expect(seen).toEqual(['plan', 'notice', 'result']);
    expect(double.listeners.size).toBe(0);
  });

  it('keeps what happens between the decision and the first line', async () => {
    const early: Partial<Supervisor> = {
      act: async () => {
        double.emit(notice(1, 'api', 'starting'));
        return { ok: true, plan: PLAN };
      },
    };
    const double = fake(early);
    const { client } = await connected(double);
    const seen = await all(client.act('shop', 'start', { services: ['api'], wait: true }));
    expect(seen.map(({ type }) => type)).toEqual(['plan', 'notice', 'result']);
  });

  it('refuses with its own status and code, before any line', async () => {
    const refusal = failure('over-budget', 'needs 512 MB, free are 100 MB', { budget: 1, holders: [] });
    const { client, double } = await connect({ act: async () => ({ ok: false, failure: refusal }) });
    for (const wait of [true, false]) {
      const work = client.act('shop', 'up', { spec: spec(), services: null, wait });
      await expect(all(work)).rejects.toMatchObject({ failure: refusal });
    }
    expect(double.listeners.size).toBe(0);
  });

  it('ends with the failure of the service that did not get there', async () => {
    const sick = failure('unhealthy', 'api is not healthy after 60 s');
    const { client } = await connect({ settled: async () => sick });
    const last = (await all(client.act('shop', 'start', { services: ['api'], wait: true }))).at(-1);
    expect(last).toEqual({ type: 'result', ok: false, services: [view('api')], error: sick });
  });

  it('ends with timeout, and lets the work go on', async () => {
    const { client, double } = await connect({ settled: never });
    const last: WorkLine | undefined = (await all(client.act('shop', 'stop', { services: [], wait: true, waitTimeout: 30 }))).at(-1);
    expect(last).toMatchObject({ type: 'result', ok: false, error: { code: 'timeout' } });
    expect(double.calls).toEqual([['act', { kind: 'stop', project: 'shop', services: ['api', 'db'] }, { dryRun: false, trust: false }]]);
  });

  it('goes on when the client leaves, and stops waiting', async () => {
    let aborted: (() => void) | undefined;
    const left = new Promise<void>(resolve => {
      aborted = resolve;
    });
    const { client, double } = await connect({
      settled: (ids, goal, signal) => {
        signal.addEventListener('abort', () => aborted?.());
        return never(ids, goal, signal);
      },
    });
    for await (const { type } of client.act('shop', 'up', { spec: spec(), services: null, wait: true })) if (type === 'plan') break;
    await left;
    await expect.poll(() => double.listeners.size).toBe(0);
    expect(double.calls).toHaveLength(1);
  });

  it('waits for all of a project to be gone', async () => {
    const asked: unknown[] = [];
    const { client } = await connect({
      act: async () => ({ ok: true, plan: EMPTY_PLAN }),
      settled: async (ids, goal) => {
        asked.push(ids, goal);
        return null;
      },
    });
    await all(client.act('shop', 'down', { wait: true }));
    expect(asked).toEqual([['shop/api', 'shop/db'], 'gone']);
  });

  it('refuses a body that speaks of another project, and one with an unknown key', async () => {
    const { client, double } = await connect();
    await expect(all(client.act('other', 'up', { spec: spec(), services: null }))).rejects.toThrow('The path names project other');
    const odd = { services: [], force: true };
    await expect(all(client.act('shop', 'stop', odd))).rejects.toThrow('body.force: unknown key');
    expect(double.calls).toEqual([]);
  });

  it('cleans and shuts down', async () => {
    const { client, double } = await connect();
    expect(await client.clean({ project: 'shop', dryRun: true })).toEqual({ containers: [], networks: [], volumes: [] });
    await client.shutdown();
    expect(double.calls).toEqual([['clean', 'shop', { volumes: false, dryRun: true }], ['shutdown']]);
  });
});

const never: Supervisor['settled'] = (_ids, _goal, signal) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
