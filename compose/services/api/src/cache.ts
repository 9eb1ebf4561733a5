/** A cache that may be away: then `get` answers null and the others do nothing; none of them rejects. */
export interface Cache {
  get(key: string): Promise<string | null>;
  /** Sets a value, whatever was there. */
  put(key: string, value: string): Promise<void>;
  /** Sets a value only where there is none. */
  fill(key: string, value: string): Promise<void>;
  /** For readiness: rejects when Redis does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
