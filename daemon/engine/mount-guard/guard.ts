import { LABEL } from '../../model/labels.js';
import type { ContainerSpec, VolumeSpec } from '../../model/spec.js';
import { changedSince, isByName, sourceChanged } from '../../path-gate/judge.js';
import type { Log } from '../../ports/ports.js';
import { FailureError, failure } from '../../shared/failure.js';
import { isWithin, normalPath } from '../../shared/paths.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { mapBounded } from '../client/map-bounded.js';
import { pause, unpause } from '../containers/pause.js';
import type { Inspected } from '../mapping/map-inspect.js';
import { Holds } from './holds.js';
import { isBelow, type Location, mountOf, mountTable } from './mount-table.js';

/** A path of this machine that an engine is about to mount. */
export interface HostMount {
  readonly source: string;
  /** Where in the container; null: not known. */
  readonly target: string | null;
  readonly readOnly: boolean;
}

/** One that starts, or is made: who it is for people, the folder of its project, and what it mounts. */
interface Starting {
  readonly name: string;
  readonly root: string;
  readonly mounts: readonly HostMount[];
}

interface Writer {
  readonly id: string;
  readonly name: string;
}

/** A container of this daemon, and the host folders that it can write to when it runs. */
interface Ours extends Writer {
  readonly isRunning: boolean;
  readonly writes: readonly string[];
}

/** Containers of which it is kept what they mount. */
const MADE = 256;

/** Writers can appear while others are paused; more often than this they are made to. */
const ROUNDS = 5;

/**
 * Stands between a look at what is mounted and the engine's mounting it by name. A running container that can write to a folder above a source could
 * put a link there in between: those are paused for that moment, and starts of others that could wait. What was mounted is looked at afterwards.
 */
export class Guard {
  readonly holds: Holds;
  private readonly windows = new MountWindows();
  private readonly made = new Map<string, Starting>();

  constructor(
    private readonly connection: EngineConnection,
    private readonly instance: string,
    log: Log,
    holdsFile: string | null,
  ) {
    this.holds = new Holds(
      {
        pause: async id => {
          if ((await this.inspect(id))?.State?.Status === 'paused') return false;
          await pause(connection, id);
          return true;
        },
        unpause: id => unpause(connection, id),
        isRunning: async id => /^(running|paused)$/.test((await this.inspect(id))?.State?.Status ?? ''),
      },
      holdsFile,
      log,
    );
  }

  /**
   * Around a start of a container: `run` is called when each source is what it was judged to be and cannot be changed from inside a container. Throws
   * path-changed. `spec`: what it was made from, where that is known; an engine may show sources by other names.
   */
  async start(id: string, spec: ContainerSpec | null, run: () => Promise<void>): Promise<void> {
    if (!this.made.has(id)) await this.learn(await this.inspect(id));
    const made = this.made.get(id);
    if (!made) return run();
    const mounts = [...made.mounts, ...(spec === null ? [] : bindsOf(spec))];
    await this.around({ ...made, mounts }, async () => {
      await run();
      if (mounts.length > 0) await this.verify(id);
    });
  }

  /** What a container mounts is settled when it is made; what that leads to is not, and is judged at each start. */
  async learn(raw: Inspected | null): Promise<void> {
    if (raw === null) return;
    const labels = raw.Config?.Labels ?? {};
    const name = labels[LABEL.service] ?? (raw.Name ?? raw.Id.slice(0, 12)).replace(/^\//, '');
    const mounts = await this.mountsOf(raw);
    const oldest = this.made.keys().next().value;
    if (this.made.size >= MADE && oldest !== undefined) this.made.delete(oldest);
    this.made.set(raw.Id, { name, root: labels[LABEL.composeWorkingDir] ?? '', mounts });
  }

  /** Around the making of a container: an engine mounts volumes for a moment then, to fill them. */
  async create<T>(name: string, root: string, container: ContainerSpec, volumes: readonly VolumeSpec[], run: () => Promise<T>): Promise<T> {
    const used = volumes.filter(volume => container.mounts.some(mount => mount.kind === 'volume' && mount.volume === volume.key));
    const devices = await mapBounded(used, 4, volume => this.deviceOf(volume.name));
    const shown = devices.flatMap(source => (source === null ? [] : [{ source, target: null, readOnly: false }]));
    if (shown.length > 0) return this.around({ name, root, mounts: [...shown, ...bindsOf(container)] }, run);
    judge({ name, root, mounts: bindsOf(container) });
    return run();
  }

  /** Whether what a running container has mounted is what its definition names; else it is killed, and path-changed thrown. */
  private async verify(id: string): Promise<void> {
    const raw = await this.inspect(id);
    const pid = raw?.State?.Pid;
    if (raw === null || !pid) return;
    const [own, inside] = [mountTable('self', null), mountTable(pid, id)];
    if (own === null || inside === null) return;
    for (const { source, target } of await this.mountsOf(raw)) {
      const path = normalPath(source);
      const wanted = path === null ? null : mountOf(path, own);
      const found = inside.filter(line => line.point === target);
      // Renamed or removed since by somebody at the machine: the kernel writes //deleted behind its last name.
      if (
        wanted === null ||
        isByName(source) ||
        found.length === 0 ||
        found.some(line => isSame(line, wanted) || line.path.endsWith('//deleted'))
      )
        continue;
      const root = raw.Config?.Labels?.[LABEL.composeWorkingDir] ?? '';
      const real = found.at(-1)?.path ?? '';
      await this.connection.call(`kill ${id.slice(0, 12)}`, DEADLINE.slow, (client, abortSignal) =>
        client.getContainer(id).kill({ abortSignal }),
      );
      const name = raw.Config?.Labels?.[LABEL.service] ?? id.slice(0, 12);
      throw new FailureError(sourceChanged(name, { path: source, now: `what was mounted is ${real}`, real }, root));
    }
  }

  private async around<T>(starting: Starting, run: () => Promise<T>): Promise<T> {
    const { mounts } = starting;
    if (mounts.length === 0) return run();
    const paths = (list: readonly HostMount[]) => list.map(mount => normalPath(mount.source) ?? mount.source);
    const leave = await this.windows.enter({ sources: paths(mounts), writes: paths(mounts.filter(mount => !mount.readOnly)) });
    const held = new Map<string, () => Promise<void>>();
    try {
      // First without pausing anybody: what has changed already pauses nobody.
      judge(starting);
      await this.holdWriters(starting, held);
      if (held.size > 0) judge(starting);
      return await run();
    } finally {
      await Promise.all([...held.values()].map(end => end()));
      leave();
    }
  }

  private async holdWriters(starting: Starting, held: Map<string, () => Promise<void>>): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const writers = (await this.writersAbove(starting)).filter(writer => !held.has(writer.id));
      if (writers.length === 0) return;
      for (const writer of writers) held.set(writer.id, await this.holdOne(writer, starting));
    }
    throw new FailureError(
      failure('path-changed', `${starting.name} cannot be started: containers that can change what it mounts keep coming`),
    );
  }

  private async holdOne(writer: Writer, { name }: Starting): Promise<() => Promise<void>> {
    try {
      return await this.holds.hold(writer.id);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${name} cannot be started while ${writer.name} runs: ${writer.name} can change what ${name} mounts, and cannot be paused for the moment of the mount: ${why}`;
      throw new FailureError(
        failure('path-changed', message, { writer: writer.name }, [
          `Mount the folder read-only in ${writer.name}, or stop ${writer.name} first`,
        ]),
      );
    }
  }

  /** Running containers of ours that can write to a folder above one of the sources. */
  private async writersAbove({ mounts }: Starting): Promise<Writer[]> {
    const all = await this.ours();
    const running = all.filter(each => each.isRunning && each.writes.length > 0);
    const own = mountTable('self', null);
    const places = mounts.flatMap(mount => {
      const place = own === null ? null : mountOf(normalPath(mount.source) ?? '/', own);
      return place === null ? [] : [place];
    });
    const reach = await mapBounded(running, 4, async each => {
      const pid = (await this.inspect(each.id))?.State?.Pid;
      const table = pid ? mountTable(pid, each.id) : null;
      if (table !== null && places.length === mounts.length)
        return table.some(line => !line.readOnly && places.some(place => isBelow(place, line)));
      return mounts.some(mount => mayReach(each, mount.source, all));
    });
    return running.filter((_, index) => reach[index]);
  }

  private async ours(): Promise<readonly Ours[]> {
    const lists = await Promise.all([LABEL.instance, LABEL.helperOf].map(label => this.list(`${label}=${this.instance}`)));
    const found = lists.flat();
    return mapBounded(found, 4, async ({ Id, Names, Labels, Mounts, State }) => {
      const isRunning = State === 'running' || State === 'paused';
      // Of one that is not running only what it could have moved counts, which binds tell.
      const mounts = await this.mountsOf({ Id, Mounts: (Mounts ?? []).filter(mount => isRunning || mount.Type === 'bind') });
      return {
        id: Id,
        name: Labels?.[LABEL.service] ?? (Names?.[0] ?? Id).replace(/^\//, ''),
        isRunning,
        writes: mounts.filter(mount => !mount.readOnly).map(mount => mount.source),
      };
    });
  }

  private list(label: string) {
    return this.connection.call('list containers', DEADLINE.quick, (client, abortSignal) =>
      client.listContainers({ all: true, filters: { label: [label] }, abortSignal }),
    );
  }

  private async mountsOf(raw: Inspected): Promise<HostMount[]> {
    const found = await mapBounded(raw.Mounts ?? [], 4, async (mount): Promise<HostMount[]> => {
      const { Type, Source, Name, Driver, Destination = null, RW = true } = mount;
      const isNamed = Type === 'volume' && Name !== undefined && Name !== '' && !/^[0-9a-f]{64}$/.test(Name);
      const source = Type === 'bind' ? (Source ?? null) : isNamed && (Driver ?? 'local') === 'local' ? await this.deviceOf(Name) : null;
      return source === null ? [] : [{ source, target: Destination, readOnly: !RW }];
    });
    return found.flat();
  }

  /** The folder of this machine that a volume shows; null: it shows none, or does not exist. */
  private async deviceOf(volume: string): Promise<string | null> {
    try {
      const { Options } = await this.connection.call(`inspect volume ${volume}`, DEADLINE.quick, (client, abortSignal) =>
        client.getVolume(volume).inspect({ abortSignal }),
      );
      const device = Options?.['device'];
      const binds = /(^|,)r?bind(,|$)/.test(Options?.['o'] ?? '');
      return binds && device?.startsWith('/') ? device : null;
    } catch (error) {
      if (engineStatusOf(error) === 404) return null;
      throw error;
    }
  }

  private async inspect(id: string): Promise<Inspected | null> {
    try {
      return await this.connection.call(`inspect ${id.slice(0, 12)}`, DEADLINE.quick, (client, abortSignal) =>
        client.getContainer(id).inspect({ abortSignal }),
      );
    } catch (error) {
      if (engineStatusOf(error) === 404) return null;
      throw error;
    }
  }
}

/** Throws path-changed for the first source that is not what it was when the project came up. */
function judge({ name, root, mounts }: Starting): void {
  for (const { source } of mounts) {
    const change = changedSince(source, root);
    if (change !== null) throw new FailureError(sourceChanged(name, change, root));
  }
}

/** Binds, and devices that are not in /dev, where names are links of the system's own. */
function bindsOf(container: ContainerSpec): HostMount[] {
  const binds = container.mounts.flatMap(mount =>
    mount.kind === 'bind' ? [{ source: mount.source, target: mount.target, readOnly: mount.readOnly }] : [],
  );
  const devices = container.devices.map(text => text.split(':')[0] ?? '').filter(path => path.startsWith('/') && !path.startsWith('/dev/'));
  return [...binds, ...devices.map(source => ({ source, target: null, readOnly: true }))];
}

/**
 * By names alone, where the kernel's list of its mounts cannot be seen: it writes above the source, or one that can (it may have ended since)
 * could have moved what it has mounted to above the source.
 */
function mayReach({ writes }: Ours, source: string, all: readonly Ours[]): boolean {
  if (writes.some(folder => isAbove(folder, source))) return true;
  const movers = all.flatMap(each => each.writes).filter(folder => isAbove(folder, source));
  return writes.some(folder => movers.some(mover => isAbove(mover, folder)));
}

function isAbove(folder: string, path: string): boolean {
  return folder === '/' || (folder !== path && isWithin(folder, path));
}

function isSame(a: Location, b: Location): boolean {
  return a.device === b.device && a.path === b.path;
}

/** What one start mounts: host paths without links, and those of them that its container may write to. */
interface MountSpan {
  readonly sources: readonly string[];
  readonly writes: readonly string[];
}

/**
 * Starts that could get at each other's sources go one after the other: a container that may write to a folder does not appear between the look at
 * what lies below and its mount. All others go at once. In the order of asking.
 */
export class MountWindows {
  private readonly spans: { readonly span: MountSpan; readonly done: Promise<void> }[] = [];

  /** Resolves when it is this one's turn, to what ends it. */
  async enter(span: MountSpan): Promise<() => void> {
    const before = this.spans.filter(other => conflict(other.span, span)).map(other => other.done);
    let leave: () => void = () => undefined;
    const done = new Promise<void>(resolve => {
      leave = resolve;
    });
    const own = { span, done };
    this.spans.push(own);
    await Promise.all(before);
    return () => {
      this.spans.splice(this.spans.indexOf(own), 1);
      leave();
    };
  }
}

function conflict(a: MountSpan, b: MountSpan): boolean {
  return reaches(a.writes, b.sources) || reaches(b.writes, a.sources);
}

function reaches(writes: readonly string[], sources: readonly string[]): boolean {
  return writes.some(folder => sources.some(source => source !== folder && isWithin(folder, source)));
}
