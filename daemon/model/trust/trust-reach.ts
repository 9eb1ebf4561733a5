import { normalPath } from '../../shared/paths.js';
import type { ContainerSpec, ProjectSpec, ServiceSpec } from '../spec.js';
import { Overlaps, overlapPlacesOf } from './path-overlaps.js';
import type { Risk } from './risk.js';
import { folderOf } from './trust-resources.js';

/**
 * The services that run with one of the powers `found`, or reach one that does (docs/trust.md, rules 2 and 3): name → how, null for a
 * power of its own. What is shared is followed to its end: with a service that shares a volume with one that shares processes with a
 * powered one, the power is two steps away.
 */
export function reached(spec: ProjectSpec, found: readonly Risk[]): ReadonlyMap<string, string | null> {
  const shared = new Shared(spec);
  const how = new Map<string, string | null>();
  const queue: string[] = [];
  const reach = (name: string, by: string | null): void => {
    if (how.has(name)) return;
    how.set(name, by);
    queue.push(name);
  };
  for (const name of powered(spec, found)) reach(name, null);
  for (const [name, by] of shared.peers(new Set(found.filter(risk => risk.root).map(risk => risk.service)))) reach(name, by);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const [other, by] of shared.with(name)) reach(other, by);
  }
  return how;
}

/** Services that a risk is of: by itself, by a volume or network that it uses, by values that it is given. */
function powered(spec: ProjectSpec, found: readonly Risk[]): string[] {
  const names = new Set(found.map(risk => risk.service));
  const read = new Set(Object.values(spec.readers).flat());
  // A file that no service reads is one of variables, which stand for themselves anywhere in the project.
  const anywhere = spec.outside.some(file => !read.has(file));
  return spec.services
    .filter(({ name, container }) => {
      if (names.has(name) || anywhere || (spec.readers[name] ?? []).length > 0) return true;
      return container !== null && resourcesOf(container).some(resource => names.has(resource));
    })
    .map(({ name }) => name);
}

/** Volumes and networks of a container, as risks name them. */
function resourcesOf(container: ContainerSpec): string[] {
  const volumes = container.mounts.flatMap(mount => (mount.kind === 'volume' && mount.volume !== null ? [`volume ${mount.volume}`] : []));
  return [...volumes, ...container.networks.map(attached => `network ${attached.network}`)];
}

type Way = readonly [service: string, by: string];

/** Users of one thing that is shared: those that can write to it, and those that only read. */
interface Users {
  readonly writing: Set<string>;
  readonly reading: Set<string>;
}

/**
 * What services of a project share with each other. Of two that share a place, at least one must be able to write there: into what
 * the other reads, or a socket, which is connected to through a read-only mount as well.
 */
class Shared {
  readonly #services: ReadonlyMap<string, ServiceSpec & { readonly container: ContainerSpec }>;
  /** Both directions: in a namespace of processes, shared memory or network, each member is at the others' mercy. */
  readonly #namespaces = new Map<string, Way[]>();
  /** By name at the engine: two keys can name one volume. */
  readonly #volumes = new Map<string, Users>();
  readonly #paths = new Map<string, Users>();
  readonly #overlaps: { readonly ofWriter: Overlaps; readonly ofReader: Overlaps };
  readonly #builders = new Map<string, string[]>();
  /** Volumes whose users have been told, and images whose builders have. */
  readonly #told = new Set<string>();
  readonly #folders: ReadonlyMap<string, string>;
  readonly #volumeNames: ReadonlyMap<string, string>;
  readonly #networkNames: ReadonlyMap<string, string>;
  /** Whose network those have that share one. */
  readonly #owners = new Map<string, ContainerSpec | undefined>();

  constructor(spec: ProjectSpec) {
    this.#services = new Map(spec.services.flatMap(each => (each.container ? [[each.name, { ...each, container: each.container }]] : [])));
    this.#volumeNames = new Map(spec.volumes.map(volume => [volume.key, volume.name]));
    this.#networkNames = new Map(spec.networks.map(network => [network.key, network.name]));
    this.#folders = new Map(
      spec.volumes.flatMap(volume => {
        const folder = folderOf(volume, spec.root);
        return folder === null ? [] : [[volume.key, folder]];
      }),
    );
    for (const [name, { container }] of this.#services) this.#note(name, container);
    const places = overlapPlacesOf([...this.#paths.keys()]);
    this.#overlaps = { ofWriter: new Overlaps(places), ofReader: new Overlaps(places) };
  }

  #note(name: string, container: ContainerSpec): void {
    for (const [key, value] of [
      ['pid', container.pid],
      ['ipc', container.ipc],
      ['network_mode', container.networkMode],
    ] as const) {
      const other = /^service:(.*)$/.exec(value ?? '')?.[1];
      if (other === undefined) continue;
      add(this.#namespaces, name, [other, `${key}: service:${other} of ${name}`]);
      add(this.#namespaces, other, [name, `${key}: service:${other}`]);
    }
    for (const { path, writes } of this.#placesOf(container)) note(this.#paths, path, writes ? 'writing' : 'reading', name);
    // A build only reads, and nothing reaches it but what writes there.
    for (const path of buildPaths(container)) if (!this.#paths.has(path)) this.#paths.set(path, { writing: new Set(), reading: new Set() });
    for (const { volume, writes } of this.#volumesOf(container)) note(this.#volumes, volume, writes ? 'writing' : 'reading', name);
    if (container.build !== null) add(this.#builders, imageName(container.image), name);
  }

  #placesOf(container: ContainerSpec): { path: string; writes: boolean }[] {
    return container.mounts.flatMap(mount => {
      const source = mount.kind === 'bind' ? mount.source : mount.kind === 'volume' ? this.#folders.get(mount.volume ?? '') : undefined;
      if (source === undefined || mount.kind === 'tmpfs' || mount.kind === 'content') return [];
      return [{ path: normalPath(source) ?? source, writes: !mount.readOnly }];
    });
  }

  #volumesOf(container: ContainerSpec): { volume: string; writes: boolean }[] {
    return container.mounts.flatMap(mount =>
      mount.kind === 'volume' && mount.volume !== null
        ? [{ volume: this.#volumeNames.get(mount.volume) ?? mount.volume, writes: !mount.readOnly }]
        : [],
    );
  }

  /** Services that reach `name` in one step, with how. What has been told of a shared place is not told again. */
  *with(name: string): Generator<Way> {
    const container = this.#services.get(name)?.container;
    yield* this.#namespaces.get(name) ?? [];
    if (container === undefined) return;
    for (const { volume, writes } of this.#volumesOf(container)) {
      if (this.#isNew(`volume ${writes} ${volume}`)) yield* meeting(this.#volumes.get(volume), writes, `volume ${volume}`);
    }
    for (const { path, writes } of this.#placesOf(container)) yield* this.#at(path, writes, 'mount of');
    for (const path of buildPaths(container)) yield* this.#at(path, false, 'writes where it is built from,');
    for (const builder of this.#buildersOf(container)) yield [builder, `builds the image ${container.image}`];
  }

  #isNew(token: string): boolean {
    if (this.#told.has(token)) return false;
    this.#told.add(token);
    return true;
  }

  *#at(path: string, writes: boolean, how: string): Generator<Way> {
    const overlaps = writes ? this.#overlaps.ofWriter : this.#overlaps.ofReader;
    for (const other of overlaps.untold(path)) yield* meeting(this.#paths.get(other), writes, `${how} ${other}`);
  }

  /** Services that build the image it runs, or one that its Dockerfile in the Compose file names. */
  #buildersOf(container: ContainerSpec): string[] {
    const images = [imageName(container.image), ...imagesIn(container.build?.dockerfileInline ?? '')];
    return images.flatMap(image => (this.#isNew(`image ${image}`) ? (this.#builders.get(image) ?? []) : []));
  }

  /**
   * Services in a network with one of `roots`. What such a service answers there is often the machine itself (an engine's API at
   * port 2375, a proxy of its socket). What the others' powers come to on a network is what their programs were trusted with.
   */
  *peers(roots: ReadonlySet<string>): Generator<Way> {
    if (roots.size === 0) return;
    const hot = new Map<string, string>();
    for (const name of roots) for (const network of this.#networksOf(name)) hot.set(network, name);
    for (const name of this.#services.keys()) {
      const network = this.#networksOf(name).find(each => hot.has(each));
      if (network !== undefined) yield [name, `network ${network} of ${hot.get(network)}`];
    }
  }

  /** Names at the engine; those of the service whose network it shares. */
  #networksOf(name: string): string[] {
    const container = this.#inNetworkOf(name);
    if (container === undefined) return [];
    if (container.networkMode === 'bridge' || container.networkMode === 'default') return ['bridge'];
    return container.networks.map(({ network }) => this.#networkNames.get(network) ?? network);
  }

  /** The container at the end of `network_mode: service:` of one after the other; of a ring, any. */
  #inNetworkOf(name: string): ContainerSpec | undefined {
    const way = new Set<string>();
    let at = name;
    let container = this.#services.get(at)?.container;
    while (container?.networkMode?.startsWith('service:') && !way.has(at) && !this.#owners.has(at)) {
      way.add(at);
      at = container.networkMode.slice('service:'.length);
      container = this.#services.get(at)?.container;
    }
    const owner = this.#owners.has(at) ? this.#owners.get(at) : container;
    for (const each of way) this.#owners.set(each, owner);
    return owner;
  }
}

function* meeting(users: Users | undefined, writes: boolean, by: string): Generator<Way> {
  for (const name of users?.writing ?? []) yield [name, by];
  if (writes) for (const name of users?.reading ?? []) yield [name, by];
}

function add<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

function note(map: Map<string, Users>, key: string, how: keyof Users, name: string): void {
  const users = map.get(key) ?? { writing: new Set(), reading: new Set() };
  users[how].add(name);
  map.set(key, users);
}

function buildPaths({ build }: ContainerSpec): string[] {
  return [build?.context ?? null, build?.dockerfile ?? null].flatMap(path => (path === null ? [] : [normalPath(path) ?? path]));
}

/** An image's name as engines compare it: with its registry's defaults left out and its tag written. */
function imageName(reference: string): string {
  const short = reference.replace(/^(index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
}

/** Whatever may be an image's name in a Dockerfile's text: in FROM, COPY --from or a mount. */
function imagesIn(dockerfile: string): string[] {
  const words = dockerfile.split(/[\s=,"']+/).filter(word => word !== '');
  return [...new Set(words.map(imageName))];
}
