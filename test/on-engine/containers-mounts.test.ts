import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MountSpec } from '../../daemon/model/spec.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, openBench } from './support/bench-engine.js';
import { ENGINE, openEngine } from './support/open-engine.js';

let bench: Bench;
let folder: string;
beforeAll(async () => {
  bench = await openBench();
  folder = mkdtempSync(join(tmpdir(), 'ldt-cont-'));
});
afterAll(async () => {
  await bench.clear();
  rmSync(folder, { recursive: true, force: true });
});

const sh = (id: string, script: string) => bench.containers.probe(id, ['sh', '-c', script], patience(5000));
const anonymous: MountSpec = { kind: 'volume', volume: null, target: '/data', readOnly: false, noCopy: false };

test('anonymous volumes keep their data in the container that replaces theirs, and go with the last one', async () => {
  const spec = bench.service('data', { mounts: [anonymous] });
  const first = await bench.run(spec);
  expect(await sh(first, 'echo kept > /data/file')).toBe(0);
  const carryOver = (await bench.containers.inspect(first))?.anonymousVolumes ?? {};
  await bench.containers.stop(first, 1000);
  await bench.containers.remove(first, { anonymousVolumes: false });
  const second = await bench.run(spec, { carryOver });
  expect(await sh(second, 'grep -q kept /data/file')).toBe(0);
  expect((await bench.containers.inspect(second))?.anonymousVolumes).toEqual(carryOver);
  await bench.containers.stop(second, 1000);
  await bench.containers.remove(second, { anonymousVolumes: true });
  await expect(
    openEngine(ENGINE)
      .getVolume(carryOver['/data'] ?? '')
      .inspect(),
  ).rejects.toMatchObject({ statusCode: 404 });
});

test('a carried-over volume that the file does not mention is mounted all the same', async () => {
  const first = await bench.run(bench.service('declared', { mounts: [anonymous] }));
  await sh(first, 'echo kept > /data/file');
  const carryOver = (await bench.containers.inspect(first))?.anonymousVolumes ?? {};
  await bench.containers.stop(first, 1000);
  await bench.containers.remove(first, { anonymousVolumes: false });
  const second = await bench.run(bench.service('declared'), { carryOver });
  expect(await sh(second, 'grep -q kept /data/file')).toBe(0);
});

test('binds, named volumes and tmpfs', async () => {
  writeFileSync(join(folder, 'host.txt'), 'from the host');
  const volume = { key: 'v', name: `${bench.project}_v`, external: false, driver: null, options: {}, labels: {} };
  await bench.containers.ensureResources(bench.project, [], [volume]);
  const id = await bench.run(
    bench.service('mounts', {
      readOnly: true,
      mounts: [
        { kind: 'bind', source: folder, target: '/host', readOnly: true, createSource: false, propagation: null },
        { kind: 'bind', source: join(folder, 'made'), target: '/made', readOnly: false, createSource: true, propagation: null },
        { kind: 'volume', volume: 'v', target: '/named', readOnly: false, noCopy: false },
        { kind: 'tmpfs', target: '/scratch', size: 8 * MiB, mode: 0o1777, options: null },
      ],
    }),
    { volumes: [volume] },
  );
  expect(await sh(id, 'grep -q "from the host" /host/host.txt')).toBe(0);
  expect(await sh(id, 'touch /host/x 2>/dev/null')).not.toBe(0);
  expect(await sh(id, 'touch /root/x 2>/dev/null')).not.toBe(0);
  expect(await sh(id, 'touch /made/x /named/x /scratch/x')).toBe(0);
  expect(await sh(id, '[ "$(df -k /scratch | tail -1 | awk \'{print $2}\')" = 8192 ]')).toBe(0);
});

test('files from variables, also with a read-only root and below a tmpfs', async () => {
  const content = (target: string): MountSpec => ({ kind: 'content', text: `secret of ${target}`, target, mode: 0o440 });
  const check = (path: string) => `[ "$(cat ${path})" = "secret of ${path}" ] && [ "$(stat -c %a ${path})" = 440 ]`;
  const open = await bench.run(bench.service('open', { mounts: [content('/run/secrets/a'), content('/etc/app/b.conf'), content('/top')] }));
  for (const path of ['/run/secrets/a', '/etc/app/b.conf', '/top']) expect(await sh(open, check(path))).toBe(0);
  const tmpfs: MountSpec = { kind: 'tmpfs', target: '/run', size: null, mode: null, options: null };
  const closed = await bench.run(
    bench.service('closed', { readOnly: true, mounts: [tmpfs, content('/run/secrets/a'), content('/etc/app/b.conf')] }),
  );
  for (const path of ['/run/secrets/a', '/etc/app/b.conf']) expect(await sh(closed, check(path))).toBe(0);
  expect(await sh(closed, 'grep -q user /etc/passwd')).toBe(0);
});
