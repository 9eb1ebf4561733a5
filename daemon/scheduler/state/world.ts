import type { HoursTick } from '../../model/schedule.js';
import { type Memory, type ProjectSpec, type Protocol, type ServiceId, type ServiceSpec, serviceId } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Use } from '../activity/use.js';
import type { Eviction } from '../eviction/preemption.js';
import { NO_PRESSURE, type PressureState } from '../eviction/pressure.js';
import { NO_RECLAIM, type ReclaimState } from '../memory/reclaim.js';
import type { Cooldown } from '../policy/cooldown.js';
import type { MemoryReport, MemoryRequest } from './memory-report.js';
import { held, type ServiceState } from './service-state.js';
import type { Address, ListenerState } from './wiring.js';

/** What is wanted of a service. gone: no container of it either. */
export type DesiredState = 'up' | 'down' | 'gone';

export interface WakeRequest {
  readonly since: Ms;
  /** Clients that still wait then are refused. */
  readonly until: Ms;
  /** When it is to be looked at again: what stands in the way may go by time alone. */
  readonly askAt: Ms;
}

/** What a container was measured to use. */
export interface UsageSample {
  readonly at: Ms;
  readonly workingSet: Bytes;
  /** ns of CPU time since it started. */
  readonly cpu: number;
  /** What of it, and of the time, went by while the engine ran a health check in it: ns, ms since it was first checked. Absent: nothing. */
  readonly checks?: { readonly cpu: number; readonly time: Ms } | undefined;
}

/** An end of a container that was asked of the engine by another program. */
export interface AskedEnd {
  /** An end until then is the one that was asked for; a later one has another cause. */
  readonly until: Ms;
  /** With its stop signal, as a stop does; else with SIGKILL alone, as `docker kill` and `rm -f` do. */
  readonly isStop: boolean;
}

export interface ServiceEntry {
  readonly spec: ServiceSpec;
  readonly desired: DesiredState;
  /** Wanted up, it is to run now; else it sleeps until a client connects. Not kept: after a restart what runs is awake. */
  readonly awake: boolean;
  /** A client waits for it to wake, and there is no plan for that yet. */
  readonly wakeRequest: WakeRequest | null;
  /** Why the last request was not met; null once one is. */
  readonly refusal: Failure | null;
  readonly use: Use;
  /** Its running hours are over: closing: it stops as soon as nothing holds it. closed: that has been done. */
  readonly hours: 'closing' | 'closed' | null;
  /** Of the last minute while it runs, oldest first. */
  readonly samples: readonly UsageSample[];
  /** Its limit is not lowered before: a shrink was refused. */
  readonly shrinkFrom: Ms;
  /** Where its container is reached while it runs. */
  readonly address: Address | null;
  /** What its container ports were heard to speak; of the present definition. */
  readonly spoken: Readonly<Record<number, Protocol>>;
  /** Container ports that its file does not name: those that its image exposes, and those at which it was seen to listen. */
  readonly listens: readonly number[];
  /** Null: it has said nothing. Of a container that has ended it says nothing either: see `wordOf`. */
  readonly memoryReport: MemoryReport | null;
  readonly memoryRequest: MemoryRequest | null;
  readonly state: ServiceState;
  /** Counts starts; a result that carries an older number is of a start that was given up. */
  readonly attempt: number;
  /** Times of the crashes inside the window. */
  readonly crashes: readonly Ms[];
  /** How automatic starts have fared: after failures they pause. */
  readonly cooldown: Cooldown;
  /** OOM kills since the present start: how many, and when the last. */
  readonly ooms: number;
  /** Times at which its main process was killed at its maximum. */
  readonly oomsAtMaximum: readonly Ms[];
  readonly oomAt: Ms | null;
  /** The limit at which that was. */
  readonly oomLimit: Bytes | null;
  /** Its stop signal, or SIGKILL, was sent to it through the engine, not by us. */
  readonly endsBy: AskedEnd | null;
  /** The signal that the engine stops its container with. */
  readonly stopSignal: number;
  /** Its container was started through the engine, not by us, and has not been looked at since. */
  readonly byHand: boolean;
  /** Until then a start may be one of ours that the engine gave no answer to, or that an earlier daemon asked for. */
  readonly startsLate: Ms;
  /** Commands that others than the daemon run in its container (docker exec), by the engine's ids. */
  readonly sessions: readonly string[];
  /** Its anonymous volumes, path → name: where the container is removed past us, the next one has them all the same. */
  readonly volumes: Readonly<Record<string, string>>;
  /** When such a signal ended it and was taken as the user's stop; revoked when it proves to be the engine's end, or `rm -f`. */
  readonly stoppedOutsideAt: Ms | null;
  /** Asked to start again: what runs now is not what was asked for. Kept in the intent until a launch has done it. */
  readonly restartRequested: boolean;
  /** The next launch makes a new container. Kept as `again` is. */
  readonly recreateRequested: boolean;
  /** The last container of it that is known to be there, running or not: for its logs, and to be removed with it. */
  readonly container: string | null;
  /** Config hash with which `container` was launched by this daemon; null: it was not. */
  readonly launchedHash: string | null;
  readonly removing: boolean;
  /** When a removal that the engine could not do is given again; null: none is due. */
  readonly removeAt: Ms | null;
  /** The version of the world in which this entry last changed: what was looked up before then says nothing about it. */
  readonly version: number;
}

export interface ProjectEntry {
  readonly spec: ProjectSpec;
  /** Being taken down; `volumes`: its named volumes too. */
  readonly leaving: { readonly volumes: boolean } | null;
  readonly listeners: ListenerState;
  /** The daemon listens for it, or did when its definition was another one. */
  readonly listening: boolean;
  readonly clearing: boolean;
  /** What its running hours ask for, until the engine can be asked. */
  readonly due: HoursTick | null;
  /** As `removeAt` of a service. */
  readonly clearAt: Ms | null;
}

/** A reason to stay awake that a user or a client has given. */
export interface Lease {
  readonly id: string;
  readonly project: string;
  readonly services: readonly string[];
  /** pin: a person, kept over a restart of the daemon. client: a program that renews it. */
  readonly holder: 'pin' | 'client';
  /** Null: until it is released. */
  readonly until: Ms | null;
  /** Its holder, for people: `laptop-dev run (npm test)`. */
  readonly note: string;
}

export function serviceIds({ project, services }: Pick<Lease, 'project' | 'services'>): ServiceId[] {
  return services.map(name => serviceId(project, name));
}

/** How the host's memory fares, and what was done about it. */
export interface HostState {
  readonly pressure: PressureState;
  /** The last service that was stopped for the host, and when. */
  readonly victim: ServiceId | null;
  readonly victimAt: Ms | null;
  /** Samples since it has exited. */
  readonly samplesSince: number;
  readonly reclaim: ReclaimState;
}

/** `exitCode`: null until it has ended. `oom`: a process of it was killed at the limit. */
export interface UnmatchedContainer {
  readonly exitCode: number | null;
  readonly oom: boolean;
}

/** What services have needed whose memory no file sets, where that is more than was inferred. Outlives the project's `down`. */
export type LearnedMemory = ReadonlyMap<ServiceId, Pick<Memory, 'standard' | 'maximum'>>;

export interface World {
  readonly engine: 'unknown' | 'up' | 'lost';
  readonly services: ReadonlyMap<ServiceId, ServiceEntry>;
  readonly projects: ReadonlyMap<string, ProjectEntry>;
  /** By id, containers of which events tell and that no service names yet: an event may overtake the answer of the call that started it. */
  readonly unmatched: ReadonlyMap<string, UnmatchedContainer>;
  /** Which service was stopped for which other, while it counts against doing so again. */
  readonly evictions: readonly Eviction[];
  readonly host: HostState;
  readonly leases: ReadonlyMap<string, Lease>;
  /** As a person has set it; null: the policy's. */
  readonly budget: Bytes | null;
  readonly learnt: LearnedMemory;
  /** Counts decisions. */
  readonly version: number;
  /** The version in which a service was last forgotten. */
  readonly forgotten: number;
  /** The highest `attempt` of the services forgotten: one that is known anew counts on from it, so that no late result fits it. */
  readonly spent: number;
}

export const EMPTY_WORLD: World = {
  engine: 'unknown',
  services: new Map(),
  projects: new Map(),
  unmatched: new Map(),
  evictions: [],
  host: { pressure: NO_PRESSURE, victim: null, victimAt: null, samplesSince: 0, reclaim: NO_RECLAIM },
  leases: new Map(),
  budget: null,
  learnt: new Map(),
  version: 0,
  forgotten: 0,
  spent: 0,
};

/** It is to run now: wanted up, and not asleep. */
export function isWanted(entry: ServiceEntry): boolean {
  return entry.desired === 'up' && entry.awake;
}

export function requestFrom(now: Ms, { patience }: { readonly patience: Ms }): WakeRequest {
  return { since: now, until: now + patience, askAt: now };
}

/** G: Σ of what all states hold now. */
export function grantedTotal(services: Iterable<ServiceEntry>): number {
  let sum = 0;
  for (const entry of services) sum += held(entry.state);
  return sum;
}

export function idOf(spec: { readonly project: string; readonly name: string }): ServiceId {
  return serviceId(spec.project, spec.name);
}
