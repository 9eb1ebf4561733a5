import type { Bytes } from '../shared/bytes.js';

export interface EngineInfo {
  readonly kind: 'docker' | 'podman';
  readonly version: string;
  readonly apiVersion: string;
  readonly cgroupVersion: '1' | '2';
  /** Total memory that the engine sees. */
  readonly memoryTotal: Bytes;
  readonly endpoint: string;
  /** Advice that `up` and `doctor` show, such as a missing swap limit. */
  readonly warnings: readonly string[];
}
