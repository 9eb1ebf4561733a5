import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';
import type { Psi } from './host-sample.js';
import type { ServiceId } from './spec.js';

/** What a container uses at one moment. Counters begin anew with each start. */
export interface ContainerSample {
  /** Usage − inactive file cache. */
  readonly workingSet: Bytes;
  /** Everything that counts against the limit, cache included. */
  readonly usage: Bytes;
  /** Hard limit in force; null: none. */
  readonly limit: Bytes | null;
  /** CPU time since it started, in ns, over all cores. */
  readonly cpu: number;
  /** Processes that the kernel killed at its limit since it started; null: not known. */
  readonly oomKills: number | null;
  /** Null: not asked for. */
  readonly detail: ContainerDetail | null;
  /** When it was taken, ms by the clock of the machine that took it; null: just now, on this one. */
  readonly takenAt: Ms | null;
}

/** What only people look at, so that it is read only while somebody does. null: not known. */
export interface ContainerDetail {
  readonly pids: number | null;
  /** Bytes received and sent since its network was made, over all interfaces but lo; null also where it has the host's network. */
  readonly netIn: number | null;
  readonly netOut: number | null;
  /** Bytes that reached block devices since it started. */
  readonly blockIn: number | null;
  readonly blockOut: number | null;
  readonly psi: Psi | null;
}

export interface ServiceSample {
  readonly id: ServiceId;
  readonly container: string;
  readonly workingSet: number;
  /** ns of CPU time since it started. */
  readonly cpu: number;
  /** See Sample. */
  readonly checks?: { readonly cpu: number; readonly time: Ms } | undefined;
}
