import { afterAll, beforeAll, expect, test } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
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
  const inspected = await bench.containers.inspect(id);
  expect(inspected).toMatchObject({ status: 'exited', exitCode: 137, limit: 16 * MiB });
  // Podman's own mark is missing when the end came within milliseconds (conmon registers too late).
  if ((await bench.containers.info()).kind === 'docker') expect(inspected?.oomKilled).toBe(true);
});

test('a child beyond the limit: an oom event, and the service runs on', async () => {
  const id = await bench.run(bench.service('parent', { command: ['sh', '-c', `sh -c '${HOG}'; sleep 1000`], init: false }), {
    grant: 16 * MiB,
  });
  await events.until(event => event.kind === 'oom' && event.id === id);
  expect(await bench.containers.inspect(id)).toMatchObject({ status: 'running' });
  expect(events.seen.some(event => event.kind === 'died' && event.id === id)).toBe(false);
});

test('a kill from outside is no OOM', async () => {
  const id = await bench.run(bench.service('killed', { init: false }));
  process.kill((await bench.containers.inspect(id))?.pid ?? Number.NaN, 'SIGKILL');
  await events.until(event => event.kind === 'died' && event.id === id);
  expect(events.seen.some(event => event.kind === 'oom' && event.id === id)).toBe(false);
});
