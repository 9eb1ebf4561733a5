import { describe, expect, it } from 'vitest';
import type { ServiceId } from '../../daemon/model/spec.js';
import type { LogLine, LogOptions } from '../../daemon/ports/ports.js';
import { Changes } from '../../daemon/runtime/changes.js';
import { type FollowContext, followLogs } from '../../daemon/runtime/queries/follow-logs.js';
import type { Driver } from '../scheduler/support/driver.js';
import { running } from '../scheduler/support/shop.js';
import { sleeping, tickAt, wake } from '../scheduler/support/sleepy.js';
import { project } from '../scheduler/support/specs.js';

const DB: ServiceId = 'shop/db';

/** Containers that write what a test says, and end when it says so. */
class Writers {
  readonly asked: { readonly container: string; readonly since: number | null; readonly tail: number | null }[] = [];
  private readonly waiting: { readonly take: (line: LogLine | null) => void }[] = [];
  private readonly ready: (LogLine | null)[] = [];

  /** Null: the container ends. */
  write(text: string | null, at = 1): void {
    const line = text === null ? null : ({ stream: 'stdout', at, text } as const);
    const taker = this.waiting.shift();
    if (taker) taker.take(line);
    else this.ready.push(line);
  }

  async *logs(container: string, { since, tail, signal }: LogOptions): AsyncGenerator<LogLine> {
    this.asked.push({ container, since, tail });
    while (!signal.aborted) {
      const line =
        this.ready.length > 0 ? (this.ready.shift() ?? null) : await new Promise<LogLine | null>(take => this.waiting.push({ take }));
      if (line === null) return;
      yield line;
    }
  }
}

function follow(driver: Driver, tail: number | null = 2) {
  const writers = new Writers();
  const changes = new Changes();
  const ending = new AbortController();
  const context: FollowContext = {
    containers: writers,
    clock: { now: () => driver.now, wall: () => 1_000 },
    world: () => driver.world,
    changes,
  };
  const lines = followLogs(DB, { follow: true, since: null, tail, signal: ending.signal }, context);
  const next = async () => {
    const { value, done } = await lines.next();
    return done || !value ? null : value.stream === 'notice' ? `─ ${value.text}` : value.text;
  };
  return { writers, changes, next, end: () => ending.abort() };
}

describe('a followed log', () => {
  it('stays while its service sleeps, says so, and goes on with the next run of the same container from where it was', async () => {
    const driver = sleeping();
    wake(driver, DB);
    const { writers, changes, next } = follow(driver);
    writers.write('one', 5);
    expect(await next()).toBe('one');
    tickAt(driver, 120_000);
    writers.write(null);
    expect(await next()).toBe('─ db has fallen asleep; a connection wakes it');
    const more = next();
    wake(driver, DB);
    changes.update();
    expect(await more).toBe('─ db runs again');
    writers.write('two', 9);
    expect(await next()).toBe('two');
    expect(writers.asked).toMatchObject([
      { since: null, tail: 2 },
      { since: 6, tail: null },
    ]);
  });

  it('of one that crashes says with what, and when it starts again; of one that has failed, why', async () => {
    const driver = running(project('shop', { db: { restart: { policy: 'always', maxRetries: null } } }));
    const { writers, changes, next } = follow(driver);
    const first = next();
    driver.send({ kind: 'engine', event: { kind: 'died', id: 'db-1', at: 0, exitCode: 3 } });
    writers.write(null);
    expect(await first).toBe('─ db exited with 3; starts again in 0.5 s');
    const second = next();
    tickAt(driver, 500);
    changes.update();
    expect(await second).toBe('─ db runs again');
    expect(writers.asked.map(({ container }) => container)).toEqual(['db-1']);
  });

  it('waits for a service that has never run', async () => {
    const driver = sleeping();
    const { writers, changes, next } = follow(driver);
    expect(await next()).toBe('─ db has fallen asleep; a connection wakes it');
    const more = next();
    wake(driver, DB);
    changes.update();
    expect(await more).toBe('─ db runs again');
    writers.write('hello');
    expect(await next()).toBe('hello');
  });

  it('ends when its service is gone, and when its reader leaves', async () => {
    const driver = running(project('shop', { db: {} }));
    const { writers, changes, next } = follow(driver);
    const last = next();
    driver.act({ kind: 'down', project: 'shop', volumes: false });
    driver.settle();
    writers.write(null);
    changes.update();
    expect(await last).toBeNull();
    const other = follow(sleeping());
    await other.next();
    const left = other.next();
    other.end();
    expect(await left).toBeNull();
  });
});
