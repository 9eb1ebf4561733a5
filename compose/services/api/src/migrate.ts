import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PoolClient } from 'pg';
import { type Migration, pending } from './migrations.js';

/** Any fixed number: the advisory lock that keeps two instances from migrating at once. */
const LOCK = 7_256_001;

/**
 * Applies the SQL files of a folder in the order of their names, each in a transaction of its own, and notes them in the table
 * `migrations`. Returns the names applied now. Throws when a file that was applied has changed or gone since.
 */
export async function migrate(client: PoolClient, folder: string): Promise<readonly string[]> {
  const files = await readMigrations(folder);
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    await client.query(
      'CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const applied = await client.query<{ name: string; hash: string }>('SELECT name, hash FROM migrations');
    const todo = pending(files, applied.rows);
    for (const migration of todo) await apply(client, migration);
    return todo.map(migration => migration.name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  }
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async name => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { name, sql, hash: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function apply(client: PoolClient, { name, sql, hash }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query('INSERT INTO migrations (name, hash) VALUES ($1, $2)', [name, hash]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
