/** One record as the API shows it. */
export interface Stored {
  readonly id: number;
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}
export interface RecordInput {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}
export interface Page {
  readonly items: readonly Stored[];
  /** Pass it as `after` to read on; null on the last page. */
  readonly next: number | null;
}

/** Where records live. Rejects with the driver's error when the database cannot be reached. */
export interface RecordStore {
  list(after: number, limit: number): Promise<Page>;
  get(id: number): Promise<Stored | null>;
  create(input: RecordInput): Promise<Stored>;
  /** null: there is no such record. */
  update(id: number, input: RecordInput): Promise<Stored | null>;
  /** false: there was no such record. */
  remove(id: number): Promise<boolean>;
}

/** Cuts a page out of rows that were read with one row more than asked for. */
export function pageOf(rows: readonly Stored[], limit: number): Page {
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
