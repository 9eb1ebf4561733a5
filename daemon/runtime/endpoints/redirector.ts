import { setTimeout as pause } from 'node:timers/promises';
import { speechOf } from '../../model/protocols.js';
import type { ServiceId } from '../../model/spec.js';
import type { Clock, Containers, Log } from '../../ports/ports.js';
import type { Counters, Exec, Redirect, RedirectManager } from '../../ports/redirects.js';
import { type Burst, type Rhythm, rhythmOf, withBytes } from '../../scheduler/activity/rhythm.js';
import { redirectsOf } from '../../scheduler/lifecycle/redirects.js';
import type { ServiceEntry, World } from '../../scheduler/state/world.js';
import type { Ms } from '../../shared/span.js';
import { toFailure } from '../../shared/to-failure.js';

/** A command that has not ended after this long is ended. */
const PATIENCE: Ms = 15_000;

/** Runs commands in a container to their end, for what they print. */
export function execIn(containers: Pick<Containers, 'exec'>, container: string): Exec {
  return async command => {
    const session = await containers.exec(container, { command, tty: false, user: null, workingDir: null, environment: {} });
    const timer = setTimeout(() => session.close(), PATIENCE);
    try {
      let stdout = '';
      for await (const { data } of session.output) stdout += Buffer.from(data).toString('utf8');
      return { exitCode: await session.exitCode(), stdout };
    } finally {
      clearTimeout(timer);
      session.close();
    }
  };
}

interface RedirectorOptions {
  /** Finds out whether the kernel can carry connections, by a helper container too where `helper`. Null: it is not to. */
  readonly open: ((helper: boolean) => Promise<RedirectManager>) | null;
  readonly containers: Pick<Containers, 'exec'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly world: () => World;
}

/** How a service that the kernel carries connections of is used, as its container's counters tell. */
interface RedirectedUse {
  readonly connections: number;
  /** Monotonic ms of the last look that found bytes or new connections; null: none has. */
  readonly lastByteAt: Ms | null;
  /** What flows again and again, as far as looks a few seconds apart can tell; null: too little has. */
  readonly rhythm: Rhythm | null;
  /** That was just now. */
  readonly moving: boolean;
}

/** One run of a container. */
interface Run {
  readonly container: string;
  readonly pid: number | null;
  /** Those that the kernel can carry; empty: the daemon carries all of its connections. */
  redirects: readonly Redirect[];
  /** The counters at the last use; null until they could be read. */
  base: Counters | null;
  lastByteAt: Ms | null;
  bursts: readonly Burst[];
}

/** Use this long ago is use just now: figures are taken every 5 s. */
const JUST_NOW: Ms = 5_000;
/** Connections that were made a moment before the rule went have their first exchange within this time. */
const SETTLE: Ms = 100;

/**
 * Lets the kernel carry new connections of awake services past the daemon, and knows how these are used. INVARIANT: the rules follow the
 * world; a rule is gone before its container is stopped by us. Without it, or when it fails, the daemon carries the connection.
 */
export class Redirector {
  private path: RedirectManager | null = null;
  /** How far was tried to find a way: by ourselves, or by a helper too. */
  private tried: 'nothing' | 'own' | 'helper' = 'nothing';
  private opening: Promise<void> = Promise.resolve();
  private readonly runs = new Map<ServiceId, Run>();
  private readonly released = new Set<ServiceId>();
  private readonly logged = new Set<string>();
  private wanted: readonly Redirect[] = [];
  /** What the kernel has, as text; null: not known, an earlier daemon may have left rules. */
  private applied: string | null = null;
  private applying: Promise<void> | null = null;
  private hasFailed = false;

  constructor(private readonly options: RedirectorOptions) {}

  /** Call when it is known what runs: from then on the rules follow the world, those that an earlier daemon left too. */
  begin(): void {
    if (this.tried === 'nothing' && this.options.open !== null) this.find(this.options.world(), this.options.open);
  }

  /** The world has changed: the rules are changed where what is to be carried has. */
  update(world: World): void {
    if (this.path === null) {
      if (this.tried === 'own' && this.options.open !== null) this.find(world, this.options.open);
      return;
    }
    for (const [id, run] of this.runs) if (!isSame(run, world.services.get(id))) this.forget(id);
    for (const [id, entry] of world.services) if (entry.state.kind === 'running') this.track(id, entry);
    this.wanted = [...this.runs].flatMap(([id, run]) => {
      const entry = world.services.get(id);
      return entry && !this.released.has(id) && redirectsOf(entry).length > 0 ? run.redirects : [];
    });
    if (JSON.stringify(this.wanted) !== this.applied) this.applying ??= this.apply(this.path);
  }

  /** Takes its rules away and keeps them away until it has stopped, or `restore`. Resolves when new connections reach the daemon. */
  async release(id: ServiceId): Promise<void> {
    if (!this.isCarried(id)) return;
    this.released.add(id);
    this.update(this.options.world());
    await this.applying;
  }

  /** It goes on: its rules are set again if it still runs. */
  restore(id: ServiceId): void {
    if (this.released.delete(id)) this.update(this.options.world());
  }

  /** How it is used; null: the kernel carries nothing of it. A look that finds use is where the next one counts from. */
  seen(id: ServiceId): RedirectedUse | null {
    const run = this.runs.get(id);
    const [redirect] = run?.redirects ?? [];
    if (!run || !redirect || !this.path) return null;
    const now = this.options.clock.now();
    const counters = this.path.use(redirect, run.pid);
    if (counters && run.base) {
      const { bytes, connections } = run.base;
      const isUse = counters.bytes - bytes >= this.path.used || counters.connections > connections;
      if (isUse) run.bursts = withBytes(run.bursts, now, counters.bytes - bytes, redirect.to.port);
      run.base = isUse ? counters : { bytes, connections: counters.connections };
      if (isUse) run.lastByteAt = now;
    }
    run.base ??= counters;
    const moving = run.lastByteAt !== null && now - run.lastByteAt < JUST_NOW;
    return { connections: counters?.connections ?? 0, lastByteAt: run.lastByteAt, rhythm: rhythmOf(run.bursts), moving };
  }

  /** Those of which the kernel carries connections. */
  ids(): readonly ServiceId[] {
    return [...this.runs].filter(([, run]) => run.redirects.length > 0).map(([id]) => id);
  }

  /**
   * Before it is put to sleep: what holds it, a sentence for `why`; null: nothing. Its rules are gone when this resolves, unless it is used
   * just now, so that no connection comes unseen after the answer; `restore` brings them back.
   */
  async check(id: ServiceId): Promise<string | null> {
    const before = this.runs.get(id)?.lastByteAt;
    if (!this.isCarried(id) || this.seen(id)?.lastByteAt !== before) return null;
    await this.release(id);
    return this.held(id);
  }

  /** Before a stop: takes its rules away, and waits until nothing is under way on connections that the kernel carries, or `timeout`. */
  async drain(id: ServiceId, timeout: Ms): Promise<void> {
    const { clock } = this.options;
    const until = clock.now() + timeout;
    await this.release(id);
    while (this.open(id) > 0 && clock.now() < until) {
      const before = this.bytes(id);
      await pause(SETTLE);
      if (this.bytes(id) === before && (await this.held(id)) === null) return;
    }
  }

  /** Removes all rules. */
  async close(): Promise<void> {
    this.tried = 'helper'; // nothing more is tried
    await this.opening;
    const path = this.path;
    this.path = null;
    await this.applying;
    const failed = await path?.close();
    if (failed) this.options.log.warn({ failure: failed.message }, 'rules of the kernel could not be removed');
  }

  /** A helper container for each change of the rules is worth its time only to who asks for the kernel by name. */
  private find(world: World, open: (helper: boolean) => Promise<RedirectManager>): void {
    const helper = [...world.services.values()].some(({ spec }) => spec.activation.path === 'kernel');
    if (this.tried === 'own' && !helper) return;
    this.tried = helper ? 'helper' : 'own';
    this.opening = this.opening.then(async () => {
      const path = this.path ?? (await open(helper).catch(toFailure));
      if ('message' in path)
        this.options.log.warn({ failure: path.message }, 'it could not be found out whether the kernel can carry connections');
      else if ('how' in path.available) this.path = path;
      this.update(this.options.world());
    });
  }

  private isCarried(id: ServiceId): boolean {
    return (this.runs.get(id)?.redirects.length ?? 0) > 0;
  }

  private forget(id: ServiceId): void {
    this.runs.delete(id);
    this.released.delete(id);
  }

  private track(id: ServiceId, entry: ServiceEntry): void {
    if (this.runs.has(id) || entry.container === null) return;
    const shortcuts = redirectsOf(entry);
    if (shortcuts.length === 0) return;
    const redirects = this.possible(shortcuts.map(shortcut => ({ service: id, ...shortcut })));
    this.runs.set(id, { container: entry.container, pid: entry.address?.pid ?? null, redirects, base: null, lastByteAt: null, bursts: [] });
    this.seen(id); // from here on it is counted
    if (redirects.length > 0) this.tell(id, 'kernel', null);
  }

  private possible(redirects: readonly Redirect[]): readonly Redirect[] {
    return redirects.filter(redirect => {
      const reason = this.path?.refuses(redirect) ?? null;
      if (reason !== null) this.tell(redirect.service, 'splice', reason);
      return reason === null;
    });
  }

  private tell(id: ServiceId, path: 'kernel' | 'splice', reason: string | null): void {
    if (this.logged.has(`${id} ${path}`)) return;
    this.logged.add(`${id} ${path}`);
    this.options.log.info(
      { id, path, reason },
      path === 'kernel' ? 'the kernel carries its connections' : 'the daemon carries its connections',
    );
  }

  /** Sets what is wanted until nothing else is. */
  private async apply(path: RedirectManager): Promise<void> {
    for (let text = JSON.stringify(this.wanted); text !== this.applied && this.path !== null; text = JSON.stringify(this.wanted)) {
      const failed = await path.set(this.wanted).catch(toFailure);
      this.applied = text;
      if (failed === null) continue;
      if (!this.hasFailed) this.options.log.warn({ failure: failed.message }, 'the daemon carries connections that the kernel was to');
      this.hasFailed = true;
      // A bridge that carries nothing is known by now.
      for (const run of this.runs.values()) run.redirects = this.possible(run.redirects);
    }
    this.applying = null;
  }

  private bytes(id: ServiceId): number | null {
    const run = this.runs.get(id);
    const [redirect] = run?.redirects ?? [];
    return (run && redirect && this.path?.use(redirect, run.pid)?.bytes) ?? null;
  }

  private open(id: ServiceId): number {
    const run = this.runs.get(id);
    return run?.redirects.reduce((sum, redirect) => sum + (this.path?.open(redirect, run.pid) ?? 0), 0) ?? 0;
  }

  private async held(id: ServiceId): Promise<string | null> {
    const run = this.runs.get(id);
    const entry = this.options.world().services.get(id);
    if (!run || !entry || !this.path || this.open(id) === 0) return null;
    const exec = execIn(this.options.containers, run.container);
    const { spec, spoken } = entry;
    const { holdBlocked } = spec.activation;
    // Each port in its protocol; one that is published twice is asked once.
    const asked = new Map(run.redirects.map(redirect => [redirect.to.port, redirect]));
    for (const [port, redirect] of asked) {
      if (this.path.open(redirect, run.pid) === 0) continue;
      const held = await this.path.heldBy(speechOf(spec, port, spoken[port]).protocol, exec, { port, holdBlocked });
      if (held !== null) return held;
    }
    return null;
  }
}

function isSame(run: Run, entry: ServiceEntry | undefined): boolean {
  return entry !== undefined && entry.container === run.container && (entry.state.kind === 'running' || entry.state.kind === 'stopping');
}
