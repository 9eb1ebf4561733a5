import type { ServiceId } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import type { RestoredProject } from './event.js';

/** What the user wants; the engine's labels are the truth about what is. */
export interface Intent {
  readonly version: 1;
  readonly projects: readonly RestoredProject[];
  /** Content hashes that the user has trusted. */
  readonly trusted: readonly string[];
  /** What was trusted last in each project: to say what has changed since, and to know a part of it again. Absent: not known. */
  readonly lastTrusted?: readonly TrustedContent[];
  readonly pins?: readonly KeptPin[];
  /** As set by `budget set`; null or absent: the usual one. */
  readonly budget?: Bytes | null;
  /** What services have needed whose memory no file sets (scheduler/memory/learned). */
  readonly learnt?: readonly KeptMemory[];
}

export interface KeptMemory {
  readonly id: ServiceId;
  readonly standard: Bytes;
  readonly maximum: Bytes;
}

/** What trust was given for, in hashes: they tell what differs, and nothing else. */
export interface TrustedContent {
  /** Folder of the project. */
  readonly root: string;
  /** Of each point. */
  readonly points: readonly string[];
  /** Of what runs with the powers, by `service key`. */
  readonly runs: Readonly<Record<string, string>>;
}

/** A pin over a restart of the daemon. */
export interface KeptPin {
  readonly id: string;
  readonly project: string;
  readonly services: readonly string[];
  /** ms since the epoch: the monotonic clock ends with the machine's run. Null: until it is taken away. */
  readonly until: Ms | null;
}
