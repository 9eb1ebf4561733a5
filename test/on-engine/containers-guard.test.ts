import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createContainers } from '../../daemon/engine/containers.js';
import type { MountSpec, VolumeSpec } from '../../daemon/model/spec.js';
import { FailureError } from '../../daemon/shared/failure.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, openBench, silent, watchEvents } from './support/bench-engine.js';
import { ENGINE } from './support/open-engine.js';

let bench: Bench;
/** Of the project; `outside` is not. */
let root: string;
let outside: string;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(async () => {
  await bench.clear();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldt-cont-'));
  outside = mkdtempSync(join(tmpdir(), 'ldt-cont-'));
  writeFileSync(join(outside, 'secret'), 'of the machine');
  mkdirSync(join(root, 'data/sub/deep'), { recursive: true });
  return () => {
    rmSync(root, { recursive: true, force: true });
    rmSync(outside, { recursive: true, force: true });
  };
});

const bind = (path: string, target: string, readOnly = false): MountSpec => ({
  kind: 'bind',
  source: join(root, path),
  target,
  readOnly,
  createSource: true,
  propagation: null,
});
const sh = (id: string, script: string) => bench.containers.probe(id, ['sh', '-c', script], patience(5000));
const run = (name: string, mounts: readonly MountSpec[], command: readonly string[] = ['sleep', '1000'], volumes: VolumeSpec[] = []) =>
  bench.run(bench.service(name, { mounts, command }), { projectRoot: root, volumes });

async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    reason => reason,
  );
  if (!(error instanceof FailureError)) throw new Error(`expected a failure, not ${String(error)}`);
  return error.failure;
}

test('a folder that a container replaced by a link is not mounted at the next start', async () => {
  const victim = await run('victim', [bind('data/sub', '/host')]);
  await bench.containers.stop(victim, 0);
  const evil = await run('evil', [bind('data', '/data')]);
  expect(await sh(evil, `rm -r /data/sub && ln -s ${outside} /data/sub`)).toBe(0);
  const failed = await refusal(bench.containers.start(victim));
  expect(failed).toMatchObject({ code: 'path-changed', details: { path: join(root, 'data/sub'), real: outside } });
  expect(failed.message).toContain(`it leads to ${outside} by the link ${root}/data/sub → ${outside}`);
  expect(await bench.containers.inspect(victim)).toMatchObject({ status: 'exited' });
  expect(await bench.containers.inspect(evil)).toMatchObject({ status: 'running' });
  expect(await refusal(run('another', [bind('data/sub/deep', '/host')]))).toMatchObject({ code: 'path-changed' });
  // Nothing was made through the link.
  expect(readdirSync(outside)).toEqual(['secret']);
});

test('a link to nothing is not mounted, nor is what it names made', async () => {
  rmSync(join(root, 'data/sub'), { recursive: true });
  symlinkSync(join(outside, 'new'), join(root, 'data/sub'));
  const failed = await refusal(run('dangling', [bind('data/sub', '/host')]));
  expect(failed).toMatchObject({ code: 'path-changed', details: { real: join(outside, 'new') } });
  expect(await refusal(run('below', [bind('data/sub/x/y', '/host')]))).toMatchObject({ details: { real: join(outside, 'new/x/y') } });
  expect(readdirSync(outside)).toEqual(['secret']);
});

test('a volume that shows a folder is judged as a mount of it, when it is made and when it starts', async () => {
  const volume = { key: 'v', external: false, driver: 'local', labels: {}, name: `${bench.project}_shown` };
  const shown = { ...volume, options: { type: 'none', o: 'bind', device: join(root, 'data/sub') } };
  await bench.containers.ensureResources(bench.project, [], [shown]);
  const mounts: MountSpec[] = [{ kind: 'volume', volume: 'v', target: '/host', readOnly: false, noCopy: false }];
  const first = await run('shown', mounts, ['sleep', '1000'], [shown]);
  await bench.containers.stop(first, 0);
  rmSync(join(root, 'data/sub'), { recursive: true });
  symlinkSync(outside, join(root, 'data/sub'));
  expect(await refusal(bench.containers.start(first))).toMatchObject({ code: 'path-changed', details: { real: outside } });
  expect(await refusal(run('shown-too', mounts, ['sleep', '1000'], [shown]))).toMatchObject({ code: 'path-changed' });
});

const SWAPPED =
  'a container that swaps folder and link all the time never gets one mounted: it is paused for the moment, and nobody sees that';
// Whether a turn finds the folder in its place is luck; of a hundred two do.
test(SWAPPED, { timeout: 300_000 }, async () => {
  // Both names are there all the time; each turn takes some 50 µs.
  const flip =
    'mkdir /data/a; while :; do mv -T /data/sub /data/a/x; mv -T /data/link /data/sub; mv -T /data/sub /data/link; mv -T /data/a/x /data/sub; done';
  symlinkSync(outside, join(root, 'data/link'));
  const victim = await run('victim', [bind('data/sub/deep', '/deep', true), bind('data/sub', '/host')]);
  await bench.containers.stop(victim, 0);
  const evil = await run('evil', [bind('data', '/data')], ['sh', '-c', flip]);
  const events = await watchEvents(bench.containers);
  let started = 0;
  for (let turn = 0; turn < 100 && started < 2; turn += 1) {
    const failed = await bench.containers.start(victim).then(
      () => null,
      error => error,
    );
    if (failed === null) {
      started += 1;
      expect(await sh(victim, '[ -e /host/deep ] && ! [ -e /host/secret ]')).toBe(0);
      await bench.containers.stop(victim, 0);
    } else {
      // In between the two names neither is there: then the engine (Podman) refuses what is not there.
      const { code, message } = await refusal(Promise.reject(failed));
      if (code !== 'path-changed') expect([code, message]).toEqual(['engine-error', expect.stringMatching(/no such file|not found/i)]);
    }
    expect(await bench.containers.inspect(evil)).toMatchObject({ status: 'running' });
  }
  expect(await sh(evil, 'true')).toBe(0);
  await bench.containers.stop(evil, 0);
  events.stop();
  expect(events.seen.filter(event => event.kind === 'paused' || event.kind === 'unpaused')).toEqual([]);
  expect(started).toBe(2);
});

test('who can write above a source only reads, or writes elsewhere, is not paused', async () => {
  await run('reader', [bind('.', '/all', true)]);
  await run('same', [bind('data/sub', '/x'), bind('data/other', '/y')]);
  const paused: string[] = [];
  const watching = await watchEvents(createContainers({ endpoint: ENGINE, instance: bench.instance, log: silent }));
  await run('writer', [bind('data', '/data')]);
  await run('third', [bind('data/sub', '/host')]);
  const { id } = await watching.until(event => event.kind === 'unpaused');
  paused.push(...watching.seen.filter(event => event.kind === 'paused').map(event => event.id));
  watching.stop();
  expect(paused).toEqual([id]);
});

test('what a daemon that was killed left paused goes on with the next one', async () => {
  const left = await run('left', [bind('data', '/data')]);
  await bench.containers.pause(left);
  const holdsFile = join(outside, 'held.json');
  writeFileSync(holdsFile, JSON.stringify([left]));
  const next = createContainers({ endpoint: ENGINE, instance: bench.instance, log: silent, holdsFile });
  expect((await next.list()).find(each => each.id === left)).toMatchObject({ status: 'running' });
  expect(readdirSync(outside)).toEqual(['secret']);
  next.close();
});
