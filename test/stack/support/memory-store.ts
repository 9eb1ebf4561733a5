import { pageOf, type RecordStore, type Stored } from '../../../compose/services/api/src/records/record.js';

/** Records in memory: what the routes and the cache are tried on. */
export function memoryStore(): RecordStore {
  const records = new Map<number, Stored>();
  let last = 0;
  const put = (id: number, input: Pick<Stored, 'name' | 'data'>): Stored => {
    const record = { id, ...input, createdAt: '', updatedAt: '' };
    records.set(id, record);
    return record;
  };
  return {
    list: async (after, limit) => pageOf([...records.values()].filter(record => record.id > after).slice(0, limit + 1), limit),
    get: async id => records.get(id) ?? null,
    create: async input => {
      last += 1;
      return put(last, input);
    },
    update: async (id, input) => (records.has(id) ? put(id, input) : null),
    remove: async id => records.delete(id),
  };
}
