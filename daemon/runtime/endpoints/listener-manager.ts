import { canSleep, innerPorts } from '../../model/listeners.js';
import { isCertain, type Speech, speechOf } from '../../model/protocols.js';
import { type NetworkSpec, type ServiceId, type ServiceSpec, serviceId } from '../../model/spec.js';
import type { Listener, ListenerHooks, Listeners, ProbeOutcome, Target, UntilReady } from '../../ports/listeners.js';
import type { Clock, Containers, Log } from '../../ports/ports.js';
import type { Use } from '../../scheduler/activity/use.js';
import type { Event, UsageSeen, UseSeen } from '../../scheduler/state/event.js';
import type { StepOf } from '../../scheduler/state/step.js';
import { type Gateway, gatewayPlacesOf, placeKey, targetOf, type WantedListener, wantedListeners } from '../../scheduler/state/wiring.js';
import { idOf, type ServiceEntry, type World } from '../../scheduler/state/world.js';
import { type Failure, failure, isSilence } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { toFailure } from '../../shared/to-failure.js';
import type { Redirector } from './redirector.js';

export interface ListenerManagerOptions {
  readonly containers: Containers;
  readonly openListeners: (hooks: ListenerHooks) => Listeners;
  readonly redirector: Pick<Redirector, 'seen' | 'ids'>;
  /** Podman makes a network's bridge with its first container and takes it away with its last: a gateway comes and goes, and containers would be made anew each time. */
  readonly hasGateways: () => boolean;
  /** Whether an address is one of this machine's. */
  readonly isLocal: (address: string) => Promise<boolean>;
  /** Waits at an address of this machine for one connection. */
  readonly expect: (address: string) => Promise<{ readonly port: number; readonly arrived: Promise<void>; close(): void }>;
  readonly clock: Clock;
  readonly world: () => World;
  readonly post: (event: Event) => void;
  /** Resolves when the service is awake (null), or to why it cannot be. */
  readonly awake: (id: ServiceId) => Promise<Failure | null>;
  /** Measures what runs: who sleeps is admitted on these figures. */
  readonly measure: () => Omit<UsageSeen, 'uses'>;
  readonly untilReady: UntilReady;
  /** TCP ports at which the network of a process listens beyond its loopback. */
  readonly listening: (pid: number) => readonly number[];
  readonly log: Log;
}

/** From the start of the container that tries, ms: a SYN that was dropped is sent again after 1 s, to be dropped again. */
const REACH_WITHIN: Ms = 3_000;
/** What was found of a firewall is believed for this long; what starts later tries again. */
const DEAF_FOR: Ms = 60_000;

/** What became of a project's networks before its listeners are opened. */
interface Prepared {
  readonly gateways: readonly Gateway[];
  /** Services whose networks could not be made. */
  readonly failures: ReadonlyMap<ServiceId, Failure>;
  /** Why others cannot wake these, where it is not for want of any gateway; by name. */
  readonly unserved: ReadonlyMap<string, string>;
}

const NOTHING: Prepared = { gateways: [], failures: new Map(), unserved: new Map() };

type Opened = Extract<Event, { kind: 'listenersOpened' }>;

/** What is known of the ports of a service in one run of it. */
interface Run {
  readonly attempt: number;
  /** Those that have answered. */
  readonly proved: Set<number>;
  readonly asking: Map<number, Promise<ProbeOutcome | 'gone'>>;
}

/** A port that has not answered yet is waited for as long as the start of its service may take, but not long after it was ready. */
const PORT_PATIENCE: Ms = 30_000;
const LEAST_PATIENCE: Ms = 1_000;
/**
 * When a service that has just become ready is looked at for ports that its file does not name, ms. Not at once: a look takes 2 ms, and a
 * client who waited for the service comes first.
 */
const LOOKS: readonly Ms[] = [50, 300, 1_000, 3_000];

/** How often a service that was awake and is not any more is asked for again, for one client. */
const TRIES = 5;

/** Holds the ports of all that can sleep: knows which are wanted, brings connections to services, and tells how these are used. */
export class ListenerManager {
  readonly activator: Listeners;
  private readonly gateways = new Map<string, readonly Gateway[]>();
  /** What was said of services that nobody inside can wake, by project. */
  private readonly reported = new Map<string, ReadonlyMap<string, string>>();
  /** Of each address of ours in a network, whether containers reach it; tried once, before the first that relies on it starts. */
  private readonly reached = new Map<string, Promise<boolean>>();
  /** When it was found that they do not. */
  private readonly deaf = new Map<string, Ms>();
  private readonly execs = new Map<ServiceId, number>();
  private readonly runs = new Map<ServiceId, Run>();
  /** Clients that wait, by service and container port. */
  private readonly waiting = new Map<ServiceId, Map<number, number>>();
  /** What the listeners are opened by, and what was known then of what is spoken there. */
  private held: readonly WantedListener[] = [];
  private readonly known = new Map<ServiceId, ServiceEntry['spoken']>();
  private readonly watched = new Map<ServiceId, number>();
  private readonly looks = new Set<NodeJS.Timeout>();
  /** One change of the set of listeners at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ListenerManagerOptions) {
    const { world, post } = options;
    this.activator = options.openListeners({
      target: listener => this.target(listener),
      wake: listener => this.reach(listener),
      spoke: ({ service, containerPort: port }, protocol) => {
        if (world().services.get(service)?.spoken[port] !== protocol) post({ kind: 'spoke', id: service, port, protocol });
      },
      changed: service => {
        const entry = world().services.get(service);
        const seen = this.seen(service);
        // What a wake has reported already is not reported again: each event is a decision.
        if (entry && !isKnown(entry.use, seen)) post({ kind: 'used', uses: [seen] });
      },
    });
  }

  /** How a service is used now, through its listeners and past them. */
  seen(id: ServiceId): UseSeen {
    const { connections, holding, lastByteAt, rhythm } = this.activator.activity(id);
    const carried = this.options.redirector.seen(id);
    return {
      id,
      connections: Math.max(connections, carried?.connections ?? 0),
      holding,
      moving: carried?.moving ?? false,
      lastByteAt: carried?.lastByteAt == null ? lastByteAt : Math.max(lastByteAt ?? 0, carried.lastByteAt),
      execs: this.execs.get(id) ?? 0,
      rhythm: carried?.rhythm ?? rhythm,
    };
  }

  /** Of all services that can sleep. */
  uses(): UseSeen[] {
    return [...this.options.world().services].filter(([, entry]) => canSleep(entry.spec)).map(([id]) => this.seen(id));
  }

  /** As `uses`, for a look alone: of connections that the kernel carries what was found with the last figures. Costs next to nothing. */
  glance(): UseSeen[] {
    const carried = new Set(this.options.redirector.ids());
    return [...this.options.world().services].flatMap(([id, { spec, use }]) => {
      if (!canSleep(spec)) return [];
      const { connections, holding, lastByteAt } = this.activator.activity(id);
      const past = carried.has(id) ? use.connections : 0;
      const execs = this.execs.get(id) ?? 0;
      return [{ id, connections: Math.max(connections, past), holding, moving: use.moving, execs, lastByteAt }];
    });
  }

  execOpened(id: ServiceId, by: 1 | -1): void {
    this.execs.set(id, (this.execs.get(id) ?? 0) + by);
    this.options.post({ kind: 'used', uses: [this.seen(id)] });
  }

  /** Joins or begins the start of a service; resolves to what `reach` finds then. */
  async wake<T>(id: ServiceId, reach: () => T | null): Promise<T | Failure> {
    for (let tried = 1; tried <= TRIES; tried++) {
      const seen = this.isUnderWay(id) ? null : { uses: this.uses(), ...this.options.measure() };
      this.options.post({ kind: 'wakeRequested', id, ...(seen ? { seen } : {}) });
      const failed = await this.options.awake(id);
      if (failed) return failed;
      const found = reach();
      if (found !== null) return found;
    }
    return stoppedAgain(id);
  }

  /** Opens and closes until the ports of all projects are as wanted; says how this project's fared. */
  open(project: string, serial: number): void {
    this.last = this.last.then(async () => this.options.post(await this.opened(project, serial)));
  }

  /**
   * Of the addresses to which names in this container are to lead, those that containers of its networks do not reach: a host's firewall may
   * drop what comes from them (ufw's usual policy for input does). Tried once for each network by a connection from inside it, with the
   * image that is about to run. Where that cannot be told, nothing is said against it.
   */
  async unreached({ spec, project, wiring }: StepOf<'launch'>): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const image = spec.container?.image;
    if (image === undefined || wiring.hosts.length === 0) return found;
    const gateways = (this.gateways.get(project.name) ?? []).filter(({ address }) =>
      wiring.hosts.some(text => text.endsWith(`:${address}`)),
    );
    const mine = gateways.filter(({ network }) => spec.container?.networks.some(each => each.network === network));
    await Promise.all(
      mine.map(async ({ network, address }) => {
        const name = project.networks.find(({ key }) => key === network)?.name;
        if (name === undefined) return;
        const key = `${name} ${address}`;
        const reached = this.reached.get(key) ?? this.tryFrom(name, address, image);
        this.reached.set(key, reached);
        if (await reached) return;
        found.add(address);
        // The next one that starts tries again: rules change.
        this.reached.delete(key);
        this.deaf.set(key, this.options.clock.now());
      }),
    );
    if (found.size > 0) this.options.post({ kind: 'gatewaysChanged', project: project.name });
    return found;
  }

  private async tryFrom(network: string, address: string, image: string): Promise<boolean> {
    const { containers, expect, log } = this.options;
    try {
      const { port, arrived, close } = await expect(address);
      const given = new AbortController();
      try {
        const tried = containers.connectFrom({ network, image }, { address, port }, { patience: REACH_WITHIN, signal: given.signal });
        const has = await Promise.race([arrived.then(() => true), tried.then(couldConnect => !couldConnect)]);
        if (!has) log.warn({ network, address }, 'containers of the network do not reach this machine: a firewall drops or refuses it');
        return has;
      } finally {
        given.abort();
        close();
      }
    } catch (error) {
      log.warn({ network, address, failure: toFailure(error).message }, 'whether containers reach this machine could not be tried');
      return true;
    }
  }

  /** Container ports at which clients wait for a service. */
  awaited(id: ServiceId): ReadonlySet<number> {
    return new Set(this.waiting.get(id)?.keys() ?? []);
  }

  /** These ports have answered since the start that is the `attempt`th. */
  proved(id: ServiceId, attempt: number, ports: readonly number[]): void {
    const run = this.run(id, attempt);
    for (const port of ports) run.proved.add(port);
  }

  /** The world has changed: listeners follow what was heard at them, and what has just become ready is looked at. */
  update(world: World): void {
    let isOther = false;
    for (const [id, { spoken, state, attempt, spec }] of world.services) {
      isOther ||= this.known.has(id) && this.known.get(id) !== spoken;
      this.known.set(id, spoken);
      if (state.kind !== 'running' || this.watched.get(id) === attempt || !canSleep(spec)) continue;
      this.watched.set(id, attempt);
      for (const pause of LOOKS) this.lookLater(id, pause);
    }
    for (const id of this.known.keys()) if (!world.services.has(id)) this.forget(id);
    if (isOther) this.last = this.last.then(() => this.activator.set(this.held.map(listener => this.listenerFor(listener))));
  }

  /** At which ports what runs listens by now, beyond those that its file names. */
  lookAtPorts(): void {
    for (const [id, entry] of this.options.world().services) if (entry.state.kind === 'running') this.lookAt(id);
  }

  async close(): Promise<void> {
    for (const timer of this.looks) clearTimeout(timer);
    await this.last;
    await this.activator.close();
  }

  /** One of two hundred clients that wait for the same start: nothing is to be decided. */
  private isUnderWay(id: ServiceId): boolean {
    const entry = this.options.world().services.get(id);
    return entry === undefined || entry.wakeRequest !== null || (entry.awake && entry.state.kind !== 'failed');
  }

  /** Null also while its port has not answered in this run: whoever connects waits until it has. */
  private target(listener: Listener): Target | null {
    const entry = this.options.world().services.get(listener.service);
    const run = this.runs.get(listener.service);
    if (!entry || run?.attempt !== entry.attempt || !run.proved.has(listener.containerPort)) return null;
    return targetOf(entry, listener.containerPort);
  }

  /** Wakes the service and waits for the port that was connected to: others of it may answer sooner. */
  private async reach(listener: Listener): Promise<Target | Failure> {
    const { service, containerPort: port } = listener;
    // It was there and does not accept: it is asked again.
    if (this.target(listener) !== null) this.runs.get(service)?.proved.delete(port);
    this.count(service, port, 1);
    try {
      for (let tried = 1; tried <= TRIES; tried++) {
        const found = await this.wake(service, () => this.address(listener));
        if ('code' in found) return found;
        const outcome = await this.prove(listener, found);
        const target = outcome !== 'gone' && outcome.ready ? this.target(listener) : null;
        if (target !== null) return target;
        if (outcome !== 'gone' && !outcome.ready) return notReached(listener, found, outcome.why);
      }
      return stoppedAgain(service);
    } finally {
      this.count(service, port, -1);
    }
  }

  private address({ service, containerPort }: Listener): Target | null {
    const entry = this.options.world().services.get(service);
    return entry ? targetOf(entry, containerPort) : null;
  }

  /** One question a port, whoever waits. gone: its service does not run any more. */
  private prove({ service, containerPort: port }: Listener, target: Target): Promise<ProbeOutcome | 'gone'> {
    const entry = this.options.world().services.get(service);
    if (entry?.state.kind !== 'running') return Promise.resolve('gone');
    const run = this.run(service, entry.attempt);
    if (run.proved.has(port)) return Promise.resolve({ ready: true, protocol: null });
    const known = run.asking.get(port);
    if (known) return known;
    const asking = this.ask(entry, port, target).finally(() => run.asking.delete(port));
    run.asking.set(port, asking);
    return asking;
  }

  private async ask(entry: ServiceEntry, port: number, target: Target): Promise<ProbeOutcome | 'gone'> {
    const { clock, untilReady, world, post } = this.options;
    const { spec, attempt, state } = entry;
    if (state.kind !== 'running') return 'gone';
    const ending = new AbortController();
    const isGone = (): boolean => {
      const now = world().services.get(idOf(spec));
      return now?.attempt !== attempt || now.state.kind !== 'running';
    };
    const left = Math.max(LEAST_PATIENCE, state.since + Math.min(spec.startTimeout, PORT_PATIENCE) - clock.now());
    const speech = speechOf(spec, port, entry.spoken[port]);
    // What its health check has said is not asked again of each port: there it is enough that somebody listens.
    const protocol = state.readiness.kind === 'checked' ? 'tcp' : speech.protocol;
    const question = { protocol, target, guessed: speech.source !== 'written', proxied: target.host !== entry.address?.ip };
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(Math.ceil(left))]);
    const outcome = await untilReady(question, signal, () => isGone() && ending.abort());
    if (isGone()) return 'gone';
    if (!outcome.ready) return outcome;
    this.proved(idOf(spec), attempt, [port]);
    if (outcome.protocol !== null && protocol === speech.protocol && entry.spoken[port] !== outcome.protocol)
      post({ kind: 'spoke', id: idOf(spec), port, protocol: outcome.protocol });
    return outcome;
  }

  private run(id: ServiceId, attempt: number): Run {
    const known = this.runs.get(id);
    if (known?.attempt === attempt) return known;
    const run = { attempt, proved: new Set<number>(), asking: new Map() };
    this.runs.set(id, run);
    return run;
  }

  private count(id: ServiceId, port: number, by: 1 | -1): void {
    const ports = this.waiting.get(id) ?? new Map<number, number>();
    const now = (ports.get(port) ?? 0) + by;
    if (now > 0) ports.set(port, now);
    else ports.delete(port);
    if (ports.size > 0) this.waiting.set(id, ports);
    else this.waiting.delete(id);
  }

  private forget(id: ServiceId): void {
    for (const map of [this.known, this.watched, this.runs]) map.delete(id);
  }

  private lookLater(id: ServiceId, pause: Ms): void {
    const timer = setTimeout(() => {
      this.looks.delete(timer);
      this.lookAt(id);
    }, pause);
    this.looks.add(timer.unref());
  }

  /** Only at a gateway of ours can a further port be opened for others. */
  private lookAt(id: ServiceId): void {
    const { world, listening, post } = this.options;
    const entry = world().services.get(id);
    const listeners = entry && world().projects.get(entry.spec.project)?.listeners;
    if (entry?.state.kind !== 'running' || listeners?.kind !== 'open' || listeners.gateways.length === 0) return;
    if (entry.address?.pid == null || !canSleep(entry.spec)) return;
    const named = new Set([...innerPorts(entry.spec), ...entry.listens]);
    const ports = listening(entry.address.pid).filter(port => !named.has(port));
    if (ports.length > 0) post({ kind: 'listens', id, container: entry.state.container, ports });
  }

  /** What images expose counts before there is a container, too. */
  private async learnExposed(project: string): Promise<void> {
    const { world, containers, post } = this.options;
    const sleepers = [...world().services].filter(([, { spec, desired, container, listens }]) => {
      return spec.project === project && desired === 'up' && canSleep(spec) && container === null && listens.length === 0;
    });
    await Promise.all(
      sleepers.map(async ([id, { spec }]) => {
        const ports = spec.container && (await containers.exposedBy(spec.container.image).catch(() => null));
        if (ports && ports.length > 0) post({ kind: 'listens', id, container: null, ports });
      }),
    );
  }

  private async opened(project: string, serial: number): Promise<Opened> {
    const { world } = this.options;
    const { gateways, failures: unmade, unserved } = await this.prepare(project);
    this.gateways.set(project, gateways);
    if (gateways.length > 0) await this.learnExposed(project);
    const wanted = [...world().projects.keys()].flatMap(name => wantedListeners(world(), name, this.gateways.get(name) ?? []));
    const { listeners, clashing } = distinct(wanted);
    this.held = listeners;
    const failed = await this.activator.set(listeners.map(listener => this.listenerFor(listener)));
    // A further port that cannot be opened is no reason to do without the others.
    const mine = wanted.filter(listener => !listener.extra && listener.service.startsWith(`${project}/`));
    const isClosed = (listener: WantedListener) => clashing.has(listener) || failed.some(each => isAt(each.listener, listener));
    const served = new Set(mine.filter(listener => listener.gateway !== null).map(listener => listener.service));
    const reasons = new Map(unserved);
    for (const listener of mine) {
      if (listener.gateway === null || !isClosed(listener)) continue;
      served.delete(listener.service);
      const why = clashing.get(listener) ?? failed.find(each => isAt(each.listener, listener))?.failure;
      reasons.set(
        nameOf(listener.service),
        `the daemon cannot listen at ${listener.address}:${listener.port} for it (${why?.message ?? 'it is taken'})`,
      );
    }
    const failures = await Promise.all(
      mine
        .filter(listener => listener.gateway === null && isClosed(listener) && !unmade.has(listener.service))
        .map(async listener => ({ id: listener.service, failure: clashing.get(listener) ?? (await this.explained(listener, failed)) })),
    );
    return {
      kind: 'listenersOpened',
      project,
      serial,
      gateways,
      served: [...served].map(nameOf),
      unserved: this.withNews(project, reasons),
      failures: [...[...unmade].map(([id, value]) => ({ id, failure: value })), ...failures],
    };
  }

  /** Each reason is reported once, and again when it is another one. */
  private withNews(project: string, reasons: ReadonlyMap<string, string>): Opened['unserved'] & object {
    const before = this.reported.get(project);
    this.reported.set(project, reasons);
    return [...reasons].map(([name, reason]) => ({ name, reason, isNew: before?.get(name) !== reason }));
  }

  /** The networks that sleeping services are in are made, so that what is in the way is known now and not when a client connects. */
  private async prepare(name: string): Promise<Prepared> {
    const { log, world, hasGateways } = this.options;
    const project = world().projects.get(name);
    if (!project || project.leaving) return NOTHING;
    // What runs while the engine is away goes on with the networks that it has.
    if (world().engine !== 'up') return { ...NOTHING, gateways: this.gateways.get(name) ?? [] };
    const sleepers = project.spec.services.filter(spec => canSleep(spec) && world().services.get(`${name}/${spec.name}`)?.desired === 'up');
    const keys = new Set(sleepers.flatMap(spec => spec.container?.networks.map(each => each.network) ?? []));
    const networks = project.spec.networks.filter(network => keys.has(network.key));
    const failed = await this.make(name, networks);
    const failures = new Map<ServiceId, Failure>();
    for (const spec of sleepers) {
      const value = spec.container?.networks.map(({ network }) => failed.get(network)).find(each => each !== undefined);
      if (value !== undefined) failures.set(serviceId(name, spec.name), value);
    }
    if (!hasGateways()) return { ...NOTHING, failures };
    try {
      const there = networks.filter(({ key }) => !failed.has(key));
      const own = await this.ownGateways(there);
      return { failures, ...(await this.withPlaces(name, sleepers, there, own)) };
    } catch (error) {
      log.warn({ project: name, failure: toFailure(error).message }, 'the gateways of the project cannot be looked up');
      return { ...NOTHING, failures };
    }
  }

  /** Resolves to those that could not be made, by key. An engine that says nothing is asked again at the start. */
  private async make(project: string, networks: readonly NetworkSpec[]): Promise<ReadonlyMap<string, Failure>> {
    const failed = new Map<string, Failure>();
    await Promise.all(
      networks.map(async network => {
        const value = await this.options.containers.ensureResources(project, [network], []).then(() => null, toFailure);
        if (value === null) return;
        this.options.log.warn({ project, network: network.name, failure: value.message }, 'a network cannot be made');
        if (!isSilence(value)) failed.set(network.key, value);
      }),
    );
    return failed;
  }

  /** Of these networks the gateways that are this machine's: Docker Engine in this distribution. */
  private async ownGateways(networks: readonly NetworkSpec[]): Promise<Gateway[]> {
    const { containers, isLocal } = this.options;
    if (networks.length === 0) return [];
    const found = await containers.gateways(networks.map(network => network.name));
    const own = await Promise.all(found.map(async each => ((await isLocal(each.address)) ? [each] : [])));
    return own.flat().flatMap(({ network, address, subnets }) => {
      const key = networks.find(each => each.name === network)?.key;
      return key === undefined ? [] : [{ network: key, address, subnets }];
    });
  }

  /**
   * Where several services have one port in a network, all but the first get further addresses: the gateways of networks that are made for
   * that and that no container is in. Nobody has to be root for that, and containers reach them by way of their own gateway.
   */
  private async withPlaces(
    project: string,
    sleepers: readonly ServiceSpec[],
    networks: readonly NetworkSpec[],
    own: readonly Gateway[],
  ): Promise<Omit<Prepared, 'failures'>> {
    if (own.length === 0) return { gateways: [], unserved: new Map() };
    const internal = new Set(networks.filter(each => each.internal).map(({ key }) => key));
    const places = gatewayPlacesOf(sleepers, internal);
    const wanted = [...new Set([...places.values()].filter(place => place !== null && place > 0))].map(place =>
      placeSpec(project, place ?? 0),
    );
    const failed = await this.make(project, wanted);
    const further = await this.ownGateways(wanted.filter(({ key }) => !failed.has(key)));
    const unserved = new Map<string, string>();
    const gateways: Gateway[] = [...own];
    for (const spec of sleepers) {
      const place = places.get(spec.name) ?? null;
      const address = further.find(({ network }) => network === placeSpec(project, place ?? 0).key)?.address;
      if (place === 0 || spec.container === null) continue;
      if (place === null || address === undefined) {
        const why = failed.get(placeSpec(project, place ?? 0).key)?.message;
        unserved.set(spec.name, why === undefined ? SAME_PORT : `${SAME_PORT} (${why})`);
        continue;
      }
      for (const { network } of spec.container.networks) {
        const plain = own.find(each => each.network === network);
        if (plain) gateways.push({ ...plain, address, only: [spec.name] });
      }
    }
    return this.withoutDeaf(gateways, sleepers, networks, unserved);
  }

  /** Nobody is led to an address that was found not to be reached. */
  private withoutDeaf(
    gateways: readonly Gateway[],
    sleepers: readonly ServiceSpec[],
    networks: readonly NetworkSpec[],
    unserved: Map<string, string>,
  ): Omit<Prepared, 'failures'> {
    const nameOfNetwork = (key: string): string => networks.find(each => each.key === key)?.name ?? key;
    const now = this.options.clock.now();
    const marked = gateways.map(gateway => {
      const key = `${nameOfNetwork(gateway.network)} ${gateway.address}`;
      if (now - (this.deaf.get(key) ?? -Infinity) > DEAF_FOR) this.deaf.delete(key);
      return this.deaf.has(key) ? { ...gateway, deaf: true } : gateway;
    });
    for (const { network, address, only } of marked.filter(({ deaf }) => deaf === true)) {
      for (const { name, container } of sleepers) {
        const isIn = container?.networks.some(each => each.network === network) && (only?.includes(name) ?? true);
        const words = `containers of network ${nameOfNetwork(network)} do not reach this machine at ${address}: a firewall is in the way, laptop-dev doctor names the rule`;
        if (isIn) unserved.set(name, words);
      }
    }
    return { gateways: marked, unserved };
  }

  /** Why a port could not be opened, and what holds it. */
  private async explained(
    listener: WantedListener,
    failed: readonly { readonly listener: Listener; readonly failure: Failure }[],
  ): Promise<Failure> {
    const found =
      failed.find(each => isAt(each.listener, listener))?.failure ?? failure('internal', `port ${listener.port} was not opened`);
    return this.options.containers.explainPort(listener.address, listener.port, found).catch(() => found);
  }

  private listenerFor({ service, address, port, containerPort, gateway }: WantedListener): Listener {
    const entry = this.options.world().services.get(service);
    const spec = entry?.spec;
    const speech: Speech = spec ? speechOf(spec, containerPort, entry.spoken[containerPort]) : { protocol: 'tcp', source: 'guessed' };
    return {
      service,
      hostIp: address,
      port,
      containerPort,
      protocol: speech.protocol,
      certain: isCertain(speech),
      holdBlocked: spec?.activation.holdBlocked ?? false,
      from: gateway?.subnets ?? null,
    };
  }
}

const SAME_PORT = 'another service of its network has the same port';

/** The network whose gateway is a further address for a project. */
function placeSpec(project: string, place: number): NetworkSpec {
  const key = placeKey(place);
  const nothing = { external: false, driver: null, internal: false, subnets: [], options: {}, labels: {} };
  return { key, name: `${project}_${key}`, ...nothing };
}

function nameOf(id: ServiceId): string {
  return id.slice(id.indexOf('/') + 1);
}

/**
 * One listener an address and port; for a service that has one address in several networks, all of them are answered there. Of the host's ports
 * the first project keeps its own, and the second is told whose it is.
 */
function distinct(wanted: readonly WantedListener[]): { listeners: WantedListener[]; clashing: ReadonlyMap<WantedListener, Failure> } {
  const first = new Map<string, WantedListener>();
  const clashing = new Map<WantedListener, Failure>();
  for (const listener of [...wanted].sort((a, b) => Number(a.extra) - Number(b.extra))) {
    const key = `${listener.address} ${listener.port}`;
    const owner = first.get(key);
    if (!owner) first.set(key, listener);
    else if (listener.extra) continue;
    else if (owner.service !== listener.service || !owner.gateway || !listener.gateway)
      clashing.set(listener, takenByListener(listener, owner));
    else {
      const subnets = [...new Set([...owner.gateway.subnets, ...listener.gateway.subnets])];
      first.set(key, { ...owner, gateway: { ...owner.gateway, subnets } });
    }
  }
  return { listeners: [...first.values()], clashing };
}

/** Whether the scheduler has heard all of it: what a wake has told, for one. */
function isKnown(use: Use, { connections, holding, execs, lastByteAt }: UseSeen): boolean {
  const isSame = use.connections > 0 === connections > 0 && use.holding === holding && use.execs === execs;
  return isSame && (lastByteAt ?? 0) <= use.lastAt;
}

function stoppedAgain(id: ServiceId): Failure {
  return failure('unhealthy', `${id} was ready, and was stopped again ${TRIES} times before it could be reached.`);
}

function notReached({ service }: Listener, target: Target, why: string): Failure {
  return failure('unhealthy', `${service} runs, but cannot be reached: ${why}`, { service, ...target });
}

function takenByListener({ address, port }: WantedListener, { service }: WantedListener): Failure {
  const [project, name] = service.split('/');
  return failure(
    'port-taken',
    `${address}:${port} is the port of ${service}, which wakes there.`,
    { hostIp: address, port, owner: service },
    [`laptop-dev stop ${name} -p ${project} closes it`, 'Give the service another host port'],
  );
}

function isAt(listener: Listener, wanted: WantedListener): boolean {
  return listener.service === wanted.service && listener.hostIp === wanted.address && listener.port === wanted.port;
}
