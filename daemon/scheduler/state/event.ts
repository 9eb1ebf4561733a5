import type { Plan } from '../../api/plan.js';
import type { ServiceSample } from '../../model/container-sample.js';
import type { HostSample } from '../../model/host-sample.js';
import type { EngineEvent, ObservedContainer } from '../../model/observed.js';
import type { Readiness } from '../../model/readiness.js';
import type { HoursTick } from '../../model/schedule.js';
import type { ProjectSpec, Protocol, ServiceId } from '../../model/spec.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Rhythm } from '../activity/rhythm.js';
import type { ReclaimResult } from '../memory/reclaim.js';
import type { KeptMemory } from './intent.js';
import type { MemoryReport } from './memory-report.js';
import type { Exit } from './service-state.js';
import type { Gateway } from './wiring.js';
import type { Lease } from './world.js';

/** What a user asks for. Answered at once: accepted with the plan, or refused with nothing changed. */
export type Action =
  /**
   * Brings a project's services up: those named, or all of the profile but the manual ones; their dependencies too. With
   * `moved`: the folder in which the project was known is this one, or gone.
   * `recreate` those meant (not their dependencies) get new containers. With `services: null` whatever else of the project runs is stopped and removed (a profile switch).
   */
  | {
      readonly kind: 'up';
      readonly spec: ProjectSpec;
      readonly services: readonly string[] | null;
      readonly recreate: boolean;
      readonly moved?: boolean;
    }
  | { readonly kind: 'start'; readonly project: string; readonly services: readonly string[] }
  | { readonly kind: 'stop'; readonly project: string; readonly services: readonly string[] }
  | { readonly kind: 'restart'; readonly project: string; readonly services: readonly string[] }
  /** Stops and removes all containers of the project, then its networks, and its volumes only when asked. */
  | { readonly kind: 'down'; readonly project: string; readonly volumes: boolean }
  /** Starts services and what they depend on, and keeps them from sleeping: for `ttl`, or until it is released (null). */
  | {
      readonly kind: 'lease';
      readonly id: string;
      readonly project: string;
      readonly services: readonly string[];
      readonly holder: Lease['holder'];
      readonly ttl: Ms | null;
      readonly note: string;
    }
  | { readonly kind: 'renew'; readonly id: string; readonly ttl: Ms }
  | { readonly kind: 'release'; readonly id: string }
  | { readonly kind: 'unpin'; readonly project: string; readonly services: readonly string[] }
  /** Another budget from now on; null: the usual one. */
  | { readonly kind: 'budget'; readonly bytes: number | null };

/** Everything that can happen to the world. The only input of `decide`. */
export type Event =
  | { readonly kind: 'action'; readonly action: Action }
  /** All of our containers; what is missing here does not exist. `asOf`: the world's version when the list was asked for. */
  | { readonly kind: 'observed'; readonly containers: readonly ObservedContainer[]; readonly asOf: number }
  | { readonly kind: 'engine'; readonly event: EngineEvent }
  | { readonly kind: 'engineLost' }
  /** Intent read from the state file when the daemon starts. */
  | {
      readonly kind: 'restored';
      readonly projects: readonly RestoredProject[];
      /** `until`: monotonic. */
      readonly pins?: readonly Lease[];
      readonly budget?: number | null;
      readonly learnt?: readonly KeptMemory[];
    }
  | { readonly kind: 'imageReady'; readonly id: ServiceId; readonly attempt: number }
  /** `madeVolumes`: names of volumes of it that were missing. */
  | {
      readonly kind: 'launched';
      readonly id: ServiceId;
      readonly attempt: number;
      readonly container: ObservedContainer;
      readonly madeVolumes?: readonly string[];
    }
  /** It was not launched: the networks of its project were removed and made anew, and the daemon does not listen at their gateways yet. */
  | { readonly kind: 'gatewaysMissing'; readonly id: ServiceId; readonly attempt: number }
  | { readonly kind: 'ready'; readonly id: ServiceId; readonly attempt: number; readonly readiness: Readiness }
  /** A port of it was heard to speak a protocol. */
  | { readonly kind: 'spoke'; readonly id: ServiceId; readonly port: number; readonly protocol: Protocol }
  /** At which TCP ports its running container listens, beyond its own loopback; `container: null`: which its image exposes. */
  | { readonly kind: 'listens'; readonly id: ServiceId; readonly container: string | null; readonly ports: readonly number[] }
  /** Preparing, launching or becoming ready failed; `container`: what was left behind; `running`: whether that may still run. */
  | {
      readonly kind: 'startFailed';
      readonly id: ServiceId;
      readonly attempt: number;
      readonly failure: Failure;
      readonly container: string | null;
      readonly running: boolean;
    }
  | { readonly kind: 'logTail'; readonly id: ServiceId; readonly container: string; readonly lines: readonly string[] }
  /** Confirmed by inspect: the container does not run any more. */
  | { readonly kind: 'stopped'; readonly id: ServiceId; readonly container: string; readonly exit: Exit | null }
  | { readonly kind: 'stopFailed'; readonly id: ServiceId; readonly container: string; readonly failure: Failure }
  | { readonly kind: 'removed'; readonly id: ServiceId; readonly container: string }
  | { readonly kind: 'removeFailed'; readonly id: ServiceId; readonly container: string; readonly failure: Failure }
  /** A client wants to reach it: it is to wake. `seen`: what is used now, for the plan that this needs; absent: nothing is to be planned. */
  | { readonly kind: 'wakeRequested'; readonly id: ServiceId; readonly seen?: UsageSeen }
  /** Connections or exec sessions came or went. */
  | { readonly kind: 'used'; readonly uses: readonly UseSeen[] }
  /** What a look at its use found; `busy`: its CPU worked; `vetoed`: a command of its own keeps it up. */
  | {
      readonly kind: 'useChecked';
      readonly id: ServiceId;
      readonly container: string;
      readonly seen: UseSeen;
      readonly busy: boolean;
      readonly vetoed: boolean;
      /** What it answers when asked what is under way on connections that the kernel carries, a sentence; null: nothing, or there are none. */
      readonly heldBy: string | null;
      /** Commands of others that run in it, by the engine's ids; null or absent: not known. */
      readonly sessions?: readonly string[] | null;
    }
  /** A pause or its end: `failure` when the engine would not. */
  | {
      readonly kind: 'frozenChanged';
      readonly id: ServiceId;
      readonly container: string;
      readonly frozen: boolean;
      readonly failure: Failure | null;
    }
  | {
      readonly kind: 'listenersOpened';
      readonly project: string;
      readonly serial: number;
      readonly gateways: readonly Gateway[];
      readonly served: readonly string[];
      /** Why others in their networks cannot wake these, a sentence each; a service in neither list has no gateway at all. */
      readonly unserved?: readonly { readonly name: string; readonly reason: string; readonly isNew: boolean }[];
      readonly failures: readonly { readonly id: ServiceId; readonly failure: Failure }[];
    }
  /** What is known of a project's gateways has changed: its listeners are to be opened anew. */
  | { readonly kind: 'gatewaysChanged'; readonly project: string }
  /** What services and the host use. */
  | { readonly kind: 'sampled'; readonly services: readonly ServiceSample[]; readonly host: HostSample }
  /** The limit that holds now; `refused`: why it is not what was asked for. */
  | {
      readonly kind: 'resized';
      readonly id: ServiceId;
      readonly container: string;
      readonly grant: number;
      readonly refused: string | null;
    }
  /** What a service with runtime llm says of itself (docs/llm.md). `wants`: the limit that it asks for, bytes; null: none. */
  | {
      readonly kind: 'memoryReported';
      readonly id: ServiceId;
      readonly container: string;
      readonly report: Omit<MemoryReport, 'container'> & { readonly wants: number | null };
    }
  /** File cache was given back, or could not be. */
  | ({ readonly kind: 'reclaimed' } & ReclaimResult)
  /** The machine slept, or this process was held up: what looks like silence was none. */
  | { readonly kind: 'resumed' }
  /** The running hours of a project begin or end. */
  | { readonly kind: 'scheduled'; readonly project: string; readonly what: HoursTick }
  | { readonly kind: 'projectCleared'; readonly project: string; readonly failure: Failure | null }
  /** A deadline that `decide` named has come, or nothing has happened for a while. */
  | { readonly kind: 'tick' };

/** How services and the host are used, looked up at one moment. */
export interface UsageSeen {
  readonly uses: readonly UseSeen[];
  readonly services: readonly ServiceSample[];
  readonly host: HostSample;
}

export interface UseSeen {
  readonly id: ServiceId;
  readonly connections: number;
  readonly holding: boolean;
  /** Bytes flow through the kernel, where an exchange under way cannot be seen: the service is not to be evicted just now. */
  readonly moving: boolean;
  readonly execs: number;
  /** What flows again and again on its connections; null or absent: too little has. */
  readonly rhythm?: Rhythm | null;
  /** Monotonic ms; null: never. */
  readonly lastByteAt: Ms | null;
}

export interface RestoredProject {
  readonly spec: ProjectSpec;
  /** Names of the services wanted up; the others are wanted down. */
  readonly up: readonly string[];
  /** Of these what runs is to be stopped and started again, though nothing tells it from what is wanted. */
  readonly restart: readonly string[];
  /** Of these the next container is to be made anew. */
  readonly recreate: readonly string[];
  /** Being taken down, with its volumes or without: that is finished first. */
  readonly leaving: { readonly volumes: boolean } | null;
  /** As far as running hours say anything: what was not applied yet, and the services that they stop or have stopped. */
  readonly hours?: { readonly due: HoursTick | null; readonly closing: readonly string[]; readonly closed: readonly string[] };
}

export type Answer = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly failure: Failure };
