import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createContainers } from '../../daemon/engine/containers.js';
import { LABEL } from '../../daemon/model/labels.js';
import type { ServiceSpec } from '../../daemon/model/spec.js';
import type { Containers, ExecOptions, ExecSession } from '../../daemon/ports/ports.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { byGear } from '../support/deep.js';
import { type Bench, openBench, silent } from './support/bench-engine.js';
import { ENGINE, openEngine } from './support/open-engine.js';
import { until } from './support/until.js';

let bench: Bench;
let spec: ServiceSpec;
const client = openEngine(ENGINE);
const volume = () => ({ key: 'data', name: `${bench.project}_data`, external: false, driver: null, options: {}, labels: {} });

beforeAll(async () => {
  bench = await openBench();
  spec = bench.service('beside', {
    command: ['false'],
    environment: { WORD: 'hi' },
    mounts: [{ kind: 'volume', volume: 'data', target: '/data', readOnly: true, noCopy: false }],
  });
  await bench.containers.ensureResources(bench.project, [], [volume()]);
});
afterAll(async () => {
  for (const id of await helpers()) await client.getContainer(id).remove({ force: true });
  await bench.clear();
});

const helpers = async (): Promise<string[]> =>
  (await client.listContainers({ all: true, filters: { label: [`${LABEL.helperOf}=${bench.instance}`] } })).map(({ Id }) => Id);
const none = () => until('the helper to be gone', 10_000, async () => ((await helpers()).length === 0 ? true : null));

const open = (script: string, over: Partial<ExecOptions> = {}, containers: Containers = bench.containers): Promise<ExecSession> =>
  containers.beside(spec, [volume()], {
    command: ['sh', '-c', script],
    tty: false,
    user: null,
    workingDir: null,
    environment: {},
    ...over,
  });

async function outcome(session: ExecSession): Promise<{ stdout: string; stderr: string; code: number }> {
  const text = { stdout: '', stderr: '' };
  for await (const { stream, data } of session.output) text[stream] += Buffer.from(data).toString();
  return { ...text, code: await session.exitCode() };
}

describe('a command beside a service', () => {
  test('has its streams, its exit code and the environment; nothing is left', async () => {
    const session = await open('read line; echo "$line $WORD $MORE"; echo bad >&2; exit 3', { environment: { MORE: 'x' } });
    session.write(Buffer.from('hello\n'));
    expect(await outcome(session)).toEqual({ stdout: 'hello hi x\n', stderr: 'bad\n', code: 3 });
    expect(await helpers()).toEqual([]);
  });

  test('reads its input to the end: a megabyte, then its end', async () => {
    const session = await open('cat | sha1sum; echo over');
    for (let at = 0; at < 16; at += 1) session.write(Buffer.alloc(65_536, at));
    session.end();
    const { stdout, code } = await outcome(session);
    expect([stdout.split('\n').at(-2), code]).toEqual(['over', 0]);
  });

  test('writes to the volumes, and to nothing else; without network and rights, under a hard limit', async () => {
    const { stdout, code } = await outcome(
      await open('echo kept > /data/file; touch /x 2>/dev/null && echo root; ls /sys/class/net; grep CapEff /proc/self/status'),
    );
    expect([stdout.split(/\s+/).filter(Boolean), code]).toEqual([['lo', 'CapEff:', '0000000000000000'], 0]);
    expect((await outcome(await open('cat /data/file'))).stdout).toBe('kept\n');
    const session = await open('read line');
    const [id = ''] = await helpers();
    const { HostConfig } = await client.getContainer(id).inspect();
    expect(HostConfig.Memory).toBe(256 * MiB);
    session.close();
    await none();
  });

  test('is no service: no list has it', async () => {
    const session = await open('read line');
    expect(await bench.containers.list()).toEqual([]);
    session.close();
    await none();
  });

  test('is removed when its client leaves', async () => {
    const session = await open('echo on; sleep 1000');
    for await (const { data } of session.output) if (Buffer.from(data).includes('on')) break;
    session.close();
    await none();
  });

  // Podman refuses to remove what is just ending by itself: of 24 meetings, one in fourteen.
  test('is removed when its client leaves while it ends by itself', { timeout: 120_000 }, async () => {
    for (let round = 0; round < byGear({ deep: 8, usual: 3, fast: 3 }); round += 1) {
      const sessions = await Promise.all(['0', '0.02', '0.05'].map(wait => open(`read line; sleep ${wait}`)));
      for (const session of sessions) session.end();
      for (const session of sessions) session.close();
    }
    await none();
  });

  test('of a daemon that was killed is removed by the next one; what runs now stays', async () => {
    const session = await open('echo on; sleep 1000');
    for await (const { data } of session.output) if (Buffer.from(data).includes('on')) break;
    await bench.containers.removeHelpers();
    expect(await helpers()).toHaveLength(1);
    const next = createContainers({ endpoint: ENGINE, instance: bench.instance, log: silent });
    await next.removeHelpers();
    expect(await helpers()).toEqual([]);
    session.close();
    next.close();
  });

  test('that cannot run fails, and leaves nothing', async () => {
    await expect(open('', { command: ['/not/there'] })).rejects.toMatchObject({ failure: { code: 'engine-error' } });
    expect(await helpers()).toEqual([]);
  });
});
