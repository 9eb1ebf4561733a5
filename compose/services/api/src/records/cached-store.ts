import type { Cache } from '../cache.js';
import type { RecordInput, RecordStore, Stored } from './record.js';

/**
 * Read-through cache in front of a store. A write puts what it wrote (a delete: a tombstone); a read fills the cache only where
 * nothing is (NX), so a slow read never puts an old value over a newer one. When Redis misses a write because it is away,
 * a value that it still holds is stale until its time is over.
 */
export function cachedStore(store: RecordStore, cache: Cache): RecordStore {
  return {
    list: (after, limit) => store.list(after, limit),

    async get(id) {
      const known = await cache.get(key(id));
      if (known !== null) return JSON.parse(known) as Stored | null;
      const found = await store.get(id);
      if (found) await cache.fill(key(id), JSON.stringify(found));
      return found;
    },

    async create(input: RecordInput) {
      const created = await store.create(input);
      await cache.put(key(created.id), JSON.stringify(created));
      return created;
    },

    async update(id, input) {
      const updated = await store.update(id, input);
      await cache.put(key(id), JSON.stringify(updated));
      return updated;
    },

    async remove(id) {
      const removed = await store.remove(id);
      await cache.put(key(id), 'null');
      return removed;
    },
  };
}

function key(id: number): string {
  return `record:${id}`;
}
