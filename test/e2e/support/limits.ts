import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from './engine.js';
import type { Home } from './home.js';

/** What v1 shows for no limit: a container that is just being made has none yet, and no process of its own either. */
const UNLIMITED = 2 ** 62;
const EVERY = 100;

/** All limits in force at one moment, by container. */
type Sample = ReadonlyMap<string, number>;

/** Reads the hard limits of all running containers from cgroup files, each 100 ms, in one go: past the daemon and the engine. */
export class Limits {
  private readonly samples: Sample[] = [];
  private readonly own = new Set<string>();
  private readonly timers: NodeJS.Timeout[] = [];

  private constructor(
    private readonly home: Home,
    private readonly folder: string,
    private readonly file: string,
  ) {}

  /** `container`: one that runs now, beside which the others are. */
  static async watch(home: Home, container: string): Promise<Limits> {
    const { State } = await inspect(container);
    const rows = readFileSync(`/proc/${State.Pid}/cgroup`, 'utf8').split('\n');
    const v1 = rows.find(row => row.split(':')[1] === 'memory');
    const path = (v1 ?? rows.find(row => row.startsWith('0::')) ?? '').split(':')[2] ?? '';
    const root = v1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
    const limits = new Limits(home, join(root, dirname(path)), v1 ? 'memory.limit_in_bytes' : 'memory.max');
    limits.timers.push(
      setInterval(() => limits.samples.push(limits.read()), EVERY),
      setInterval(() => void limits.know(), 1_000),
    );
    return limits;
  }

  /** The sums of the limits of this home's containers, one a sample. */
  async end(): Promise<readonly number[]> {
    for (const timer of this.timers) clearInterval(timer);
    await this.know();
    return this.samples.map(sample => [...sample].reduce((sum, [id, limit]) => sum + (this.own.has(id) ? limit : 0), 0));
  }

  private async know(): Promise<void> {
    for (const { Id } of await this.home.containers()) this.own.add(Id);
  }

  private read(): Sample {
    const found = new Map<string, number>();
    for (const name of readdirSync(this.folder)) {
      const id = /[0-9a-f]{64}/.exec(name)?.[0];
      const limit = id === undefined ? Number.NaN : this.limitOf(name);
      if (id !== undefined && limit < UNLIMITED) found.set(id, limit);
    }
    return found;
  }

  /** Not a number when the container has just gone, or has no process. */
  private limitOf(name: string): number {
    try {
      const read = (file: string) => readFileSync(join(this.folder, name, file), 'utf8').trim();
      return read('cgroup.procs') === '' ? Number.NaN : Number(read(this.file));
    } catch {
      return Number.NaN;
    }
  }
}
