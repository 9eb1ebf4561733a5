import { afterAll, beforeAll, expect, test } from 'vitest';
import { MiB } from '../../daemon/core/bytes.js';
import { type Bench, openBench, watchEvents } from './support/bench-engine.js';

let bench: Bench;
let events: Awaited<ReturnType<typeof watchEvents>>;
beforeAll(async () => {
  bench = await openBench();
  events = await watchEvents(bench.containers);
});
afterAll(async () => {
  events.stop();
  await bench.clear();
});

/** Doubles a shell variable until the limit stops it. */
const HOG = 'x=0123456789; while :; do x="$x$x"; done';

test('a main process beyond its limit: oom, then died with 137, and inspect knows', async () => {
  const id = await bench.run(bench.service('hog', { command: ['sh', '-c', HOG], init: false }), { grant: 16 * MiB });
  const oom = await events.until(event => event.kind === 'oom' && event.id === id);
  const died = await events.until(event => event.kind === 'died' && event.id === id);
  expect(died).toMatchObject({ exitCode: 137 });
  expect(oom.at).toBeLessThanOrEqual(died.at);
  expect(await bench.containers.inspect(id)).toMatchObject({ status: 'exited', exitCode: 137, oomKilled: true, limit: 16 * MiB });
});

test('a child beyond the limit: an oom event, and the service runs on', async () => {
  const id = await bench.run(bench.service('parent', { command: ['sh', '-c', `sh -c '${HOG}'; sleep 1000`], init: false }), {
    grant: 16 * MiB,
  });
  await events.until(event => event.kind === 'oom' && event.id === id);
  expect(await bench.containers.inspect(id)).toMatchObject({ status: 'running' });
  expect(events.seen.some(event => event.kind === 'died' && event.id === id)).toBe(false);
});
