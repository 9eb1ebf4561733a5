import { canSleep } from '../core/doors.js';
import type { Event, UseSeen } from '../core/event.js';
import { type Failure, failure } from '../core/failure.js';
import type { ServiceId } from '../core/model.js';
import { type Gateway, targetOf, type WantedDoor, wantedDoors } from '../core/wiring.js';
import type { World } from '../core/world.js';
import type { Door, DoorHooks, Doors, Target } from '../ports/doors.js';
import type { Containers, Log } from '../ports.js';
import { asFailure } from './as-failure.js';
import type { Carrier } from './carrier.js';

export interface DoorKeeperOptions {
  readonly containers: Containers;
  readonly openDoors: (hooks: DoorHooks) => Doors;
  readonly carrier: Pick<Carrier, 'seen' | 'ids'>;
  /** Podman makes a network's bridge with its first container and takes it away with its last: a gateway comes and goes, and containers would be made anew each time. */
  readonly hasGateways: () => boolean;
  /** Whether an address is one of this machine's. */
  readonly isLocal: (address: string) => Promise<boolean>;
  readonly world: () => World;
  readonly post: (event: Event) => void;
  /** Resolves when the service is awake (null), or to why it cannot be. */
  readonly awake: (id: ServiceId) => Promise<Failure | null>;
  /** Measures what runs: who sleeps is admitted on these figures. */
  readonly measure: () => void;
  readonly log: Log;
}

type Opened = Extract<Event, { kind: 'doorsOpened' }>;

/** How often a service that was awake and is not any more is asked for again, for one client. */
const TRIES = 5;

/** Holds the ports of all that can sleep: knows which are wanted, brings connections to services, and tells how these are used. */
export class DoorKeeper {
  readonly doors: Doors;
  private readonly gateways = new Map<string, readonly Gateway[]>();
  private readonly execs = new Map<ServiceId, number>();
  /** One change of the set of doors at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DoorKeeperOptions) {
    const { world, post } = options;
    this.doors = options.openDoors({
      target: door => this.target(door),
      wake: door => this.wake(door.service, () => this.target(door)),
      changed: service => {
        if (world().services.has(service)) post({ kind: 'used', uses: [this.seen(service)] });
      },
    });
  }

  /** How a service is used now, through its doors and past them. */
  seen(id: ServiceId): UseSeen {
    const { connections, holding, lastByteAt } = this.doors.activity(id);
    const carried = this.options.carrier.seen(id);
    return {
      id,
      connections: Math.max(connections, carried?.connections ?? 0),
      holding,
      moving: carried?.moving ?? false,
      lastByteAt: carried?.lastByteAt == null ? lastByteAt : Math.max(lastByteAt ?? 0, carried.lastByteAt),
      execs: this.execs.get(id) ?? 0,
    };
  }

  /** Of all services that can sleep. */
  uses(): UseSeen[] {
    return [...this.options.world().services].filter(([, entry]) => canSleep(entry.spec)).map(([id]) => this.seen(id));
  }

  /** As `uses`, for a look alone: of connections that the kernel carries what was found with the last figures. Costs next to nothing. */
  glance(): UseSeen[] {
    const carried = new Set(this.options.carrier.ids());
    return [...this.options.world().services].flatMap(([id, { spec, use }]) => {
      if (!canSleep(spec)) return [];
      const { connections, holding, lastByteAt } = this.doors.activity(id);
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
      if (!this.isUnderWay(id)) {
        this.options.post({ kind: 'used', uses: this.uses() });
        this.options.measure();
      }
      this.options.post({ kind: 'requested', id });
      const failed = await this.options.awake(id);
      if (failed) return failed;
      const found = reach();
      if (found !== null) return found;
    }
    return failure('unhealthy', `${id} was ready, and was stopped again ${TRIES} times before it could be reached.`);
  }

  /** Opens and closes until the ports of all projects are as wanted; says how this project's fared. */
  open(project: string, serial: number): void {
    this.last = this.last.then(async () => this.options.post(await this.opened(project, serial)));
  }

  async close(): Promise<void> {
    await this.last;
    await this.doors.close();
  }

  /** One of two hundred clients that wait for the same start: nothing is to be decided. */
  private isUnderWay(id: ServiceId): boolean {
    const entry = this.options.world().services.get(id);
    return entry === undefined || entry.request !== null || (entry.awake && entry.state.kind !== 'failed');
  }

  private target(door: Door): Target | null {
    const entry = this.options.world().services.get(door.service);
    return entry ? targetOf(entry, door.containerPort) : null;
  }

  private async opened(project: string, serial: number): Promise<Opened> {
    const { log, world } = this.options;
    const gateways = await this.ownGateways(project).catch(error => {
      log.warn({ project, failure: asFailure(error).message }, 'the networks of the project cannot be prepared');
      return [];
    });
    this.gateways.set(project, gateways);
    const wanted = [...world().projects.keys()].flatMap(name => wantedDoors(world(), name, this.gateways.get(name) ?? []));
    const { doors, clashing } = distinct(wanted);
    const failed = await this.doors.set(doors.map(door => this.doorFor(door)));
    const mine = wanted.filter(door => door.service.startsWith(`${project}/`));
    const isClosed = (door: WantedDoor) => clashing.has(door) || failed.some(each => isAt(each.door, door));
    const served = new Set(mine.filter(door => door.gateway !== null).map(door => door.service));
    for (const door of mine) if (door.gateway !== null && isClosed(door)) served.delete(door.service);
    const failures = await Promise.all(
      mine
        .filter(door => door.gateway === null && isClosed(door))
        .map(async door => ({ id: door.service, failure: clashing.get(door) ?? (await this.explained(door, failed)) })),
    );
    const names = [...served].map(id => id.slice(project.length + 1));
    return { kind: 'doorsOpened', project, serial, gateways, served: names, failures };
  }

  /** The gateways of the networks that sleeping services are in, where they are this machine's: Docker Engine in this distribution. */
  private async ownGateways(name: string): Promise<Gateway[]> {
    const { containers, isLocal, world } = this.options;
    const project = world().projects.get(name);
    if (!project || project.leaving) return [];
    // What runs while the engine is away goes on with the networks that it has.
    if (world().engine !== 'up') return [...(this.gateways.get(name) ?? [])];
    if (!this.options.hasGateways()) return [];
    const sleepers = project.spec.services.filter(spec => canSleep(spec) && world().services.get(`${name}/${spec.name}`)?.want === 'up');
    const keys = new Set(sleepers.flatMap(spec => spec.container?.networks.map(each => each.network) ?? []));
    const networks = project.spec.networks.filter(network => keys.has(network.key));
    if (networks.length === 0) return [];
    await containers.ensureResources(name, networks, []);
    const found = await containers.gateways(networks.map(network => network.name));
    const own = await Promise.all(found.map(async each => ((await isLocal(each.address)) ? [each] : [])));
    return own.flat().flatMap(({ network, address, subnets }) => {
      const key = networks.find(each => each.name === network)?.key;
      return key === undefined ? [] : [{ network: key, address, subnets }];
    });
  }

  /** Why a port could not be opened, with who holds it. */
  private async explained(door: WantedDoor, failed: readonly { readonly door: Door; readonly failure: Failure }[]): Promise<Failure> {
    const found = failed.find(each => isAt(each.door, door))?.failure ?? failure('internal', `port ${door.port} was not opened`);
    return this.options.containers.explainPort(door.address, door.port, found).catch(() => found);
  }

  private doorFor({ service, address, port, containerPort, gateway }: WantedDoor): Door {
    const spec = this.options.world().services.get(service)?.spec;
    return {
      service,
      hostIp: address,
      port,
      containerPort,
      protocol: spec?.protocol ?? 'tcp',
      holdBlocked: spec?.activation.holdBlocked ?? false,
      from: gateway?.subnets ?? null,
    };
  }
}

/**
 * One door an address and port. Two databases with one port cannot both be reached at one gateway: the first is. Of the host's ports the
 * first project keeps its own, and the second is told whose it is.
 */
function distinct(wanted: readonly WantedDoor[]): { doors: WantedDoor[]; clashing: ReadonlyMap<WantedDoor, Failure> } {
  const first = new Map<string, WantedDoor>();
  const clashing = new Map<WantedDoor, Failure>();
  for (const door of wanted) {
    const key = `${door.address} ${door.port}`;
    const owner = first.get(key);
    if (owner) clashing.set(door, takenByDoor(door, owner));
    else first.set(key, door);
  }
  return { doors: [...first.values()], clashing };
}

function takenByDoor({ address, port }: WantedDoor, { service }: WantedDoor): Failure {
  const [project, name] = service.split('/');
  return failure(
    'port-taken',
    `${address}:${port} is the port of ${service}, which wakes there.`,
    { hostIp: address, port, owner: service },
    [`laptop-dev stop ${name} -p ${project} closes it`, 'Give the service another host port'],
  );
}

function isAt(door: Door, wanted: WantedDoor): boolean {
  return door.service === wanted.service && door.hostIp === wanted.address && door.port === wanted.port;
}
