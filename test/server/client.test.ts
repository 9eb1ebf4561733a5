import { describe, expect, it } from 'vitest';
import { Client } from '../../daemon/client/client.js';
import type { LogLine } from '../../daemon/ports/ports.js';
import type { Supervisor } from '../../daemon/runtime/supervisor.js';
import { FailureError, failure } from '../../daemon/shared/failure.js';
import { all, connected, fake, lines, notice } from './harness.js';

const connect = (...made: Parameters<typeof fake>) => connected(fake(...made));

const codeOf = (error: unknown) => (error instanceof FailureError ? error.failure.code : error);

describe('looking', () => {
  it('asks for the advice of one project, or of all', async () => {
    const asked: unknown[] = [];
    const advice = async (project: string | null) => {
      asked.push(project);
      return [];
    };
    const { client } = await connected(fake({ advice }));
    await client.advice('shop');
    await client.advice(null);
    await expect(client.advice('no such/project')).rejects.toSatisfy(error => codeOf(error) === 'usage');
    expect(asked).toEqual(['shop', null]);
  });

  it('tells the version, projects, services and the budget', async () => {
    const { client } = await connect();
    expect(await client.version()).toMatchObject({ version: '9.9.9', pid: 42, engine: null });
    expect(await client.projects()).toEqual([{ name: 'shop', root: '/home/me/shop', profile: 'minimal' }]);
    expect((await client.services('shop', true)).map(service => service.name)).toEqual(['api', 'db']);
    expect(await client.budget()).toMatchObject({ holders: [] });
    expect(await client.advice(null)).toEqual([]);
  });

  it('tells why, with the last notices about the service', async () => {
    const past = [
      notice(1, 'api', 'starting'),
      notice(2, 'db', 'starting'),
      notice(3, 'api', 'ready', 'ready', 'other'),
      notice(4, 'api', 'ready'),
    ];
    const { client } = await connect({}, past);
    const why = await client.why('shop', 'api');
    expect(why.service.name).toBe('api');
    expect(why.notices.map(({ seq }) => seq)).toEqual([1, 4]);
  });

  it('names the nearest service when there is no such', async () => {
    const { client } = await connect();
    await expect(client.why('shop', 'apii')).rejects.toThrow('There is no service apii in project shop. Did you mean api?');
    await expect(client.why('shop', 'a/../b')).rejects.toSatisfy(error => codeOf(error) === 'request-refused');
  });

  it('fails with daemon-unavailable when there is no daemon', async () => {
    await expect(new Client('/nonexistent/daemon.sock').version()).rejects.toSatisfy(error => codeOf(error) === 'daemon-unavailable');
  });
});

describe('notices', () => {
  it('are the past ones of the project, and end', async () => {
    const { client } = await connect({}, [notice(1, 'api', 'ready'), notice(2, 'x', 'ready', 'ready', 'other')]);
    expect((await all(client.notices({ project: 'shop', follow: false }))).map(({ seq }) => seq)).toEqual([1]);
    expect((await all(client.notices({ project: null, follow: false }))).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it('follow what happens, in order and once, until the client leaves', async () => {
    const { client, double } = await connect({}, [notice(1, 'api', 'starting')]);
    const seen: number[] = [];
    for await (const { seq } of client.notices({ project: 'shop', follow: true })) {
      seen.push(seq);
      if (seq === 1) for (const next of [1, 2, 3]) double.emit(notice(next, 'api', 'ready'));
      if (seq === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    await expect.poll(() => double.listeners.size).toBe(0);
  });

  it('end, when the daemon ends, as daemon-unavailable or as a plain end', async () => {
    const { client, running } = await connect({}, [notice(1, 'api', 'starting')]);
    const ending = all(client.notices({ project: null, follow: true })).catch(codeOf);
    for await (const { seq } of client.notices({ project: null, follow: true })) if (seq === 1) break;
    await running.app.close();
    expect(['daemon-unavailable', [notice(1, 'api', 'starting')]]).toContainEqual(await ending);
  });

  it('drop a reader that is 10,000 behind, with a word', async () => {
    const { client, double } = await connect({}, [notice(1, 'api', 'starting')]);
    const flood = async () => {
      for await (const { seq } of client.notices({ project: null, follow: true }))
        if (seq === 1) for (let next = 2; next < 10_100; next++) double.emit(notice(next, 'api', 'ready'));
    };
    await expect(flood()).rejects.toSatisfy(error => codeOf(error) === 'too-busy');
    expect(double.listeners.size).toBe(0);
  });
});

describe('logs', () => {
  const line = (at: number, text: string): LogLine => ({ stream: 'stdout', at, text });
  const logs: Supervisor['logs'] = id => {
    if (id === 'shop/api') return lines([line(1, 'a'), line(4, 'd')]);
    return lines([line(2, 'b'), line(3, 'c')]);
  };

  it('come in order of time', async () => {
    const { client } = await connect({ logs });
    const query = { services: [], follow: false, since: null, tail: null };
    expect((await all(client.logs('shop', query))).map(entry => `${entry.service} ${entry.text}`)).toEqual([
      'api a',
      'db b',
      'db c',
      'api d',
    ]);
    expect(await all(client.logs('shop', { ...query, services: ['db'] }))).toHaveLength(2);
    await expect(all(client.logs('shop', { ...query, services: ['dc'] }))).rejects.toMatchObject({
      failure: { code: 'not-found', details: { project: 'shop', service: 'dc', known: ['api', 'db'] } },
    });
  });

  it('pass over a service that never ran, unless it was named', async () => {
    const never: Supervisor['logs'] = id => {
      if (id === 'shop/db') throw new FailureError(failure('not-found', 'db has no container'));
      return logs(id, { follow: false, since: null, tail: null, signal: AbortSignal.abort() });
    };
    const { client } = await connect({ logs: never });
    const query = { follow: false, since: null, tail: null };
    expect(await all(client.logs('shop', { ...query, services: [] }))).toHaveLength(2);
    await expect(all(client.logs('shop', { ...query, services: ['db'] }))).rejects.toThrow('db has no container');
  });

  it('stop at the engine when the client leaves', async () => {
    let stopped: (() => void) | undefined;
    const ended = new Promise<void>(resolve => {
      stopped = resolve;
    });
    async function* endless(signal: AbortSignal): AsyncGenerator<LogLine> {
      yield line(1, 'first');
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      stopped?.();
    }
    const { client } = await connect({ logs: (_, { signal }) => endless(signal) });
    for await (const entry of client.logs('shop', { services: ['api'], follow: true, since: 5, tail: 1 }))
      if (entry.text === 'first') break;
    await ended;
  });
});
