import { type Notice, type NoticeContent, noticeOf } from '../../api/notice.js';
import { canSleep } from '../../model/listeners.js';
import { SIGTERM } from '../../model/signals.js';
import type { ServiceId, ServiceSpec } from '../../model/spec.js';
import { UNUSED } from '../activity/use.js';
import type { Eviction } from '../eviction/preemption.js';
import { NO_COOLDOWN } from '../policy/cooldown.js';
import { liveContainer, type ServiceState } from './service-state.js';
import type { Step } from './step.js';
import type { ListenerState } from './wiring.js';
import {
  type DesiredState,
  type HostState,
  idOf,
  type ProjectEntry,
  type ServiceEntry,
  type UnmatchedContainer,
  type World,
} from './world.js';

function newEntry(spec: ServiceSpec): ServiceEntry {
  return {
    spec,
    desired: 'down',
    awake: false,
    wakeRequest: null,
    refusal: null,
    use: UNUSED,
    hours: null,
    samples: [],
    shrinkFrom: 0,
    address: null,
    spoken: {},
    listens: [],
    memoryReport: null,
    memoryRequest: null,
    state: { kind: 'asleep', exit: null },
    attempt: 0,
    crashes: [],
    cooldown: NO_COOLDOWN,
    ooms: 0,
    oomsAtMaximum: [],
    oomAt: null,
    oomLimit: null,
    endsBy: null,
    stopSignal: SIGTERM,
    byHand: false,
    startsLate: 0,
    sessions: [],
    volumes: {},
    stoppedOutsideAt: null,
    restartRequested: false,
    recreateRequested: false,
    container: null,
    launchedHash: null,
    removing: false,
    removeAt: null,
    version: 0,
  };
}

/** What changes all the time and says nothing of the container: a list of containers is not outdated by it. */
const BESIDE: ReadonlySet<string> = new Set<keyof ServiceEntry>([
  'use',
  'samples',
  'wakeRequest',
  'refusal',
  'shrinkFrom',
  'cooldown',
  'startsLate',
  'memoryReport',
  'memoryRequest',
  'spoken',
  'listens',
]);

/** The next world while it is being made: entries are replaced, never changed in place. Lives inside one `decide`. */
export class Draft {
  engine: World['engine'];
  readonly services: Map<ServiceId, ServiceEntry>;
  readonly projects: Map<string, ProjectEntry>;
  readonly unmatched: Map<string, UnmatchedContainer>;
  evictions: readonly Eviction[];
  host: HostState;
  leases: World['leases'];
  budget: World['budget'];
  learnt: World['learnt'];
  readonly version: number;
  private forgotten: number;
  private spent: number;
  readonly steps: Step[] = [];
  readonly notices: Notice[] = [];
  /** The intent has changed and must be kept before any step is executed. */
  intentChanged = false;

  constructor(world: World) {
    this.engine = world.engine;
    this.services = new Map(world.services);
    this.projects = new Map(world.projects);
    this.unmatched = new Map(world.unmatched);
    this.evictions = world.evictions;
    this.host = world.host;
    this.leases = world.leases;
    this.budget = world.budget;
    this.learnt = world.learnt;
    this.version = world.version + 1;
    this.forgotten = world.forgotten;
    this.spent = world.spent;
  }

  entry(id: ServiceId): ServiceEntry | undefined {
    return this.services.get(id);
  }

  patch(id: ServiceId, change: Partial<ServiceEntry>): void {
    const entry = this.services.get(id);
    if (!entry) return;
    const container =
      (change.state && liveContainer(change.state)) ?? (change.container === undefined ? entry.container : change.container);
    const version = Object.keys(change).every(key => BESIDE.has(key)) ? entry.version : this.version;
    this.services.set(id, { ...entry, ...change, container, version });
  }

  /** As `patch` of these two, a third of its cost: of all running services with each sample. */
  keepSamples(id: ServiceId, entry: ServiceEntry, samples: ServiceEntry['samples'], use: ServiceEntry['use']): void {
    this.services.set(id, { ...entry, samples, use });
  }

  add(spec: ServiceSpec, change: Partial<ServiceEntry> = {}): void {
    this.services.set(idOf(spec), { ...newEntry(spec), attempt: this.spent, ...change });
  }

  forget(id: ServiceId): void {
    this.spent = Math.max(this.spent, this.services.get(id)?.attempt ?? 0);
    this.listenersDue(this.services.get(id));
    this.services.delete(id);
    this.forgotten = this.version;
  }

  setState(id: ServiceId, state: ServiceState): void {
    this.patch(id, { state });
  }

  setDesired(id: ServiceId, want: DesiredState): void {
    const entry = this.services.get(id);
    if (!entry || entry.desired === want) return;
    this.patch(id, { desired: want, hours: null, ...(want === 'up' ? {} : { awake: false, wakeRequest: null }) });
    this.intentChanged = true;
    this.listenersDue(entry);
  }

  /** Its listeners are to be opened or closed. */
  private listenersDue(entry: ServiceEntry | undefined): void {
    if (entry && canSleep(entry.spec)) this.setListeners(entry.spec.project, { kind: 'due' });
  }

  /** A port of it could not be opened: perhaps its own container held it, or another program that has closed it since. */
  openMissing({ spec }: ServiceEntry): void {
    const listeners = this.projects.get(spec.project)?.listeners;
    if (listeners?.kind === 'open' && listeners.missing.has(idOf(spec))) this.setListeners(spec.project, { kind: 'due' });
  }

  /** A container has let go of its ports: perhaps one was in the way of another project's. */
  openAllMissing(): void {
    for (const [name, { listeners }] of this.projects)
      if (listeners.kind === 'open' && listeners.missing.size > 0) this.setListeners(name, { kind: 'due' });
  }

  setListeners(name: string, listeners: ListenerState): void {
    const project = this.projects.get(name);
    if (project) this.projects.set(name, { ...project, listeners });
  }

  *ofProject(project: string): Iterable<[ServiceId, ServiceEntry]> {
    for (const pair of this.services) if (pair[1].spec.project === project) yield pair;
  }

  /** Those of which something holds, without a copy of all. */
  where(holds: (entry: ServiceEntry) => boolean): [ServiceId, ServiceEntry][] {
    const found: [ServiceId, ServiceEntry][] = [];
    for (const [id, entry] of this.services) if (holds(entry)) found.push([id, entry]);
    return found;
  }

  byContainer(container: string): [ServiceId, ServiceEntry] | undefined {
    for (const pair of this.services) if (pair[1].container === container) return pair;
    return undefined;
  }

  notice(spec: { readonly project: string; readonly name: string }, content: NoticeContent): void {
    this.notices.push(noticeOf(spec.project, spec.name, content));
  }

  /** Of the project as a whole. */
  projectNotice(project: string, content: NoticeContent): void {
    this.notices.push(noticeOf(project, null, content));
  }

  world(): World {
    const { engine, services, projects, unmatched, evictions, host, leases, budget, learnt, version, forgotten, spent } = this;
    return { engine, services, projects, unmatched, evictions, host, leases, budget, learnt, version, forgotten, spent };
  }
}
