import type { Pool } from 'pg';
import { pageOf, type RecordStore, type Stored } from './record.js';

interface Row {
  id: string;
  name: string;
  data: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = 'id, name, data, created_at, updated_at';

export function sqlStore(pool: Pool): RecordStore {
  const rows = async (text: string, values: unknown[]): Promise<Stored[]> => (await pool.query<Row>(text, values)).rows.map(toStored);
  return {
    list: async (after, limit) =>
      pageOf(await rows(`SELECT ${COLUMNS} FROM records WHERE id > $1 ORDER BY id LIMIT $2`, [after, limit + 1]), limit),

    get: async id => (await rows(`SELECT ${COLUMNS} FROM records WHERE id = $1`, [id]))[0] ?? null,

    async create({ name, data }) {
      const [created] = await rows(`INSERT INTO records (name, data) VALUES ($1, $2) RETURNING ${COLUMNS}`, [name, data]);
      if (!created) throw new Error('INSERT … RETURNING gave no row');
      return created;
    },

    update: async (id, { name, data }) =>
      (await rows(`UPDATE records SET name = $2, data = $3, updated_at = now() WHERE id = $1 RETURNING ${COLUMNS}`, [id, name, data]))[0] ??
      null,

    remove: async id => (await pool.query('DELETE FROM records WHERE id = $1', [id])).rowCount === 1,
  };
}

function toStored(row: Row): Stored {
  return {
    id: Number(row.id),
    name: row.name,
    data: row.data,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
