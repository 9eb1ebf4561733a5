import { expect, test } from 'vitest';
import type { Cache } from '../../compose/services/api/src/cache.js';
import { cachedStore } from '../../compose/services/api/src/records/cached-store.js';
import { memoryStore } from './support/memory-store.js';

/** A cache in memory; one that is away keeps nothing. */
function memoryCache(away = false): Cache & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    get: async key => values.get(key) ?? null,
    put: async (key, value) => void (away || values.set(key, value)),
    fill: async (key, value) => void (away || values.has(key) || values.set(key, value)),
    ping: async () => undefined,
    close: async () => undefined,
  };
}

test('the second read does not reach the store', async () => {
  const store = memoryStore();
  await store.create({ name: 'a', data: {} });
  let reads = 0;
  const cached = cachedStore(
    {
      ...store,
      get: id => {
        reads += 1;
        return store.get(id);
      },
    },
    memoryCache(),
  );
  expect(await cached.get(1)).toEqual(await cached.get(1));
  expect(reads).toBe(1);
});

test.each([false, true])('what was written is what is read, the cache being away: %s', async away => {
  const cached = cachedStore(memoryStore(), memoryCache(away));
  const { id } = await cached.create({ name: 'a', data: {} });
  await cached.get(id);
  await cached.update(id, { name: 'b', data: {} });
  expect(await cached.get(id)).toMatchObject({ name: 'b' });
  expect(await cached.remove(id)).toBe(true);
  expect(await cached.get(id)).toBeNull();
  expect(await cached.update(id, { name: 'c', data: {} })).toBeNull();
});

test('a read that was slow does not put an old value over a newer one', async () => {
  const store = memoryStore();
  const cache = memoryCache();
  await store.create({ name: 'old', data: {} });
  let answer = (): void => undefined;
  const slow = {
    ...store,
    get: async (id: number) => {
      const found = await store.get(id);
      await new Promise<void>(resolve => {
        answer = resolve;
      });
      return found;
    },
  };
  const reading = cachedStore(slow, cache).get(1);
  await new Promise(resolve => setImmediate(resolve));
  await cachedStore(store, cache).update(1, { name: 'new', data: {} });
  answer();
  await reading;
  expect(await cachedStore(store, cache).get(1)).toMatchObject({ name: 'new' });
});

test('a deleted record is not brought back by a slow read', async () => {
  const cache = memoryCache();
  const store = memoryStore();
  const { id } = await store.create({ name: 'a', data: {} });
  await cachedStore(store, cache).remove(id);
  await cache.fill(`record:${id}`, JSON.stringify({ id, name: 'a' }));
  expect(await cachedStore(store, cache).get(id)).toBeNull();
});
