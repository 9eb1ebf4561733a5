import { expect, test } from 'vitest';
import { registryMemory } from '../../daemon/images/images.js';
import { limiter, singleFlight } from '../../daemon/images/limits.js';
import { pullFailure, registryOf } from '../../daemon/images/pull/registry.js';
import { FailureError, failure } from '../../daemon/shared/failure.js';

test('no more than two run at once, the others in order', async () => {
  const limit = limiter(2);
  const order: number[] = [];
  let running = 0;
  let most = 0;
  const task = (id: number) => () =>
    Promise.resolve().then(async () => {
      order.push(id);
      running += 1;
      most = Math.max(most, running);
      await new Promise(resolve => setImmediate(resolve));
      running -= 1;
      if (id === 2) throw new Error('two');
    });
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map(id => limit(task(id))));
  expect(most).toBe(2);
  expect(order).toEqual([1, 2, 3, 4, 5]);
  expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
});

test('who asks for the same thing meanwhile shares the run and its progress', async () => {
  const once = singleFlight<string>();
  const heard: string[] = [];
  let runs = 0;
  let open = (): void => undefined;
  const gate = new Promise<void>(resolve => {
    open = resolve;
  });
  const run = (who: string) =>
    once(
      'key',
      text => heard.push(`${who} ${text}`),
      async tell => {
        runs += 1;
        await gate;
        tell('done');
      },
    );
  const both = [run('a'), run('b')];
  open();
  await Promise.all(both);
  expect(runs).toBe(1);
  expect(heard).toEqual(['a done', 'b done']);
  await run('c');
  expect(runs).toBe(2);
});

test.each([
  ['debian', 'docker.io'],
  ['library/debian:1', 'docker.io'],
  ['ghcr.io/a/b', 'ghcr.io'],
  ['localhost/a', 'localhost'],
  ['127.0.0.1:5000/a:1', '127.0.0.1:5000'],
])('the registry of %s is %s', (reference, registry) => {
  expect(registryOf(reference)).toBe(registry);
});

test.each([
  ['dial tcp: lookup registry.example on 10.0.0.1:53: no such host', 'no-registry'],
  ['Get "https://registry.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded)', 'no-registry'],
  ['timed out: nothing heard for 6 s', 'no-registry'],
  ['manifest for debian:nope not found: manifest unknown', 'refused'],
  ["pull access denied for a, repository does not exist or may require 'docker login'", 'refused'],
  ['toomanyrequests: You have reached your pull rate limit', 'refused'],
])('%s means %s', (words, reason) => {
  expect(pullFailure('debian:x', words)).toMatchObject({ code: 'image-missing', details: { reason } });
});

test('a registry that did not answer is not asked again for 30 s, and others are', async () => {
  let now = 0;
  let asked = 0;
  const guard = registryMemory(() => now);
  const silent = () => {
    asked += 1;
    return Promise.reject(new FailureError(pullFailure('a', 'no such host')));
  };
  await expect(guard('a', silent)).rejects.toMatchObject({ failure: { details: { reference: 'a', reason: 'no-registry' } } });
  await expect(guard('b', silent)).rejects.toThrow('timed out 0 s ago');
  expect(asked).toBe(1);
  await expect(guard('other.io/b', () => Promise.resolve('id'))).resolves.toBe('id');
  now = 30_000;
  await expect(guard('a', () => Promise.resolve('id'))).resolves.toBe('id');
  await expect(guard('a', () => Promise.reject(new FailureError(failure('image-missing', 'denied'))))).rejects.toMatchObject({
    failure: { message: 'denied' },
  });
  await expect(guard('a', () => Promise.resolve('id'))).resolves.toBe('id');
});
