import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FailureError } from '../../daemon/shared/failure.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, IMAGE, openBench } from './support/bench-engine.js';
import { ENGINE, openEngine } from './support/open-engine.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.clear());

/** The Failure that a call rejects with. */
async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    reason => reason,
  );
  if (!(error instanceof FailureError)) throw new Error(`expected a failure, not ${String(error)}`);
  return error.failure;
}

describe('a name in use', () => {
  test('by a leftover of ours: removed, and the new one is made; its anonymous volume goes on', async () => {
    const spec = bench.service('leftover', { mounts: [{ kind: 'volume', volume: null, target: '/data', readOnly: false, noCopy: false }] });
    const first = await bench.run(spec);
    const before = await bench.containers.inspect(first);
    const second = await bench.containers.create(spec, bench.launch());
    expect(second).not.toBe(first);
    expect(await bench.containers.inspect(first)).toBeNull();
    const after = await bench.containers.inspect(second);
    expect(Object.keys(after?.anonymousVolumes ?? {})).toEqual(['/data']);
    expect(after?.anonymousVolumes).toEqual(before?.anonymousVolumes);
  });

  test('by a stranger: left alone, and named with its image and project', async () => {
    const name = `${bench.project}-foreign-1`;
    const client = openEngine(ENGINE);
    const labels = { 'ldt-cont': bench.instance, 'com.docker.compose.project': 'elsewhere' };
    const stranger = await client.createContainer({ name, Image: IMAGE, Cmd: ['sleep', '9'], Labels: labels });
    const failure = await failureOf(bench.containers.create(bench.service('foreign'), bench.launch()));
    expect(failure).toMatchObject({ code: 'name-taken', details: { id: stranger.id, project: 'elsewhere' } });
    expect(failure.message).toContain(name);
    expect(failure.message).toContain(IMAGE);
    await stranger.inspect();
  });
});

describe('a port in use', () => {
  test('by a process: its name and PID', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const id = await bench.containers.create(
      bench.service('held', { ports: [{ hostIp: '127.0.0.1', host: port, container: 80, protocol: 'tcp' }] }),
      bench.launch(),
    );
    const failure = await failureOf(bench.containers.start(id));
    expect(failure).toMatchObject({ code: 'port-taken', details: { hostIp: '127.0.0.1', port, pid: process.pid } });
    expect(failure.message).toContain(`PID ${process.pid}`);
    server.close();
    await once(server, 'close');
    await bench.containers.start(id);
    const running = await bench.containers.inspect(id);
    expect(running?.ports).toEqual([{ hostIp: '127.0.0.1', host: port, container: 80, protocol: 'tcp' }]);
    expect(running?.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  test('by a container: its name and project', async () => {
    const ports = (host: number | null) => [{ hostIp: '127.0.0.1', host, container: 80, protocol: 'tcp' as const }];
    const owner = await bench.run(bench.service('owner', { ports: ports(null) }));
    const port = (await bench.containers.inspect(owner))?.ports[0]?.host ?? 0;
    expect(port).toBeGreaterThan(0);
    const id = await bench.containers.create(bench.service('rival', { ports: ports(port) }), bench.launch());
    const failure = await failureOf(bench.containers.start(id));
    expect(failure).toMatchObject({ code: 'port-taken', details: { port, container: `${bench.project}-owner-1`, project: bench.project } });
  });
});

describe('networks and volumes', () => {
  test('made once with labels, also when asked for twice at once', async () => {
    const volume = { key: 'data', name: `${bench.project}_data`, external: false, driver: null, options: {}, labels: {} };
    const ensure = () => bench.containers.ensureResources(bench.project, [bench.network], [volume]);
    await Promise.all([ensure(), ensure()]);
    await ensure();
    expect(await bench.containers.projectResources(bench.project)).toEqual({ networks: [bench.network.name], volumes: [volume.name] });
    const networks = await openEngine(ENGINE).listNetworks({ filters: { name: [bench.network.name] } });
    expect(networks).toHaveLength(1);
  });

  test("another project's volume is not taken by its name; declared external, it is", async () => {
    const volume = { key: 'data', name: `${bench.project}_taken`, external: false, driver: null, options: {}, labels: {} };
    await bench.containers.ensureResources(bench.project, [], [volume]);
    const other = `${bench.project}x`;
    const failure = await failureOf(bench.containers.ensureResources(other, [], [volume]));
    expect(failure).toMatchObject({ code: 'volume-clash', details: { volume: volume.name, owner: bench.project } });
    await bench.containers.ensureResources(other, [], [{ ...volume, external: true }]);
    await bench.containers.removeVolume(volume.name);
  });

  test('two networks are joined, and names resolve', async () => {
    const back = { ...bench.network, key: 'back', name: `${bench.project}_back` };
    await bench.containers.ensureResources(bench.project, [bench.network, back], []);
    const attach = (network: string) => ({ network, aliases: ['other'], ipv4: null, ipv6: null });
    const id = await bench.run(bench.service('joined', { networks: [attach('default'), attach('back')] }), {
      networks: [bench.network, back],
    });
    const inspected = await openEngine(ENGINE).getContainer(id).inspect();
    expect(Object.keys(inspected.NetworkSettings.Networks).sort()).toEqual([back.name, bench.network.name].sort());
    for (const name of ['joined', 'other']) expect(await bench.containers.probe(id, ['nslookup', name], patience(5000))).toBe(0);
  });

  test('a subnet in use: the other network is named', async () => {
    const subnet = (name: string, subnets: string[]) => ({ ...bench.network, key: name, name: `${bench.project}_${name}`, subnets });
    await bench.containers.ensureResources(bench.project, [subnet('first', ['10.213.0.0/16'])], []);
    const failure = await failureOf(bench.containers.ensureResources(bench.project, [subnet('second', ['10.213.4.0/24'])], []));
    expect(failure).toMatchObject({ code: 'network-clash', details: { other: `${bench.project}_first` } });
  });

  test('a changed definition makes the network anew while nobody is in it', async () => {
    const changing = (subnets: string[]) => ({ ...bench.network, key: 'changing', name: `${bench.project}_changing`, subnets });
    const subnetOf = async () => (await openEngine(ENGINE).getNetwork(`${bench.project}_changing`).inspect()).IPAM?.Config?.[0]?.Subnet;
    await bench.containers.ensureResources(bench.project, [changing(['10.214.1.0/24'])], []);
    await bench.containers.ensureResources(bench.project, [changing(['10.214.2.0/24'])], []);
    expect(await subnetOf()).toBe('10.214.2.0/24');
    const attach = { network: 'changing', aliases: [], ipv4: null, ipv6: null };
    await bench.run(bench.service('inside', { networks: [attach] }), { networks: [changing([])] });
    const failure = await failureOf(bench.containers.ensureResources(bench.project, [changing(['10.214.3.0/24'])], []));
    expect(failure.code).toBe('network-clash');
    await bench.containers.ensureResources(bench.project, [changing([])], []);
    expect(await subnetOf()).toBe('10.214.2.0/24');
  });

  test('a network of another project is not joined', async () => {
    const name = `${bench.project}_theirs`;
    const Labels = { 'com.docker.compose.project': 'elsewhere' };
    const theirs = await openEngine(ENGINE).createNetwork({ Name: name, Labels });
    const failure = await failureOf(bench.containers.ensureResources(bench.project, [{ ...bench.network, name }], []));
    await theirs.remove();
    expect(failure).toMatchObject({ code: 'network-clash', details: { owner: 'elsewhere' } });
  });

  test('external ones have to exist', async () => {
    const external = { ...bench.network, name: `${bench.project}_absent`, external: true };
    expect(await failureOf(bench.containers.ensureResources(bench.project, [external], []))).toMatchObject({ code: 'config-missing' });
  });

  test('removal of what is gone is no error', async () => {
    await bench.containers.removeNetwork(`${bench.project}_absent`);
    await bench.containers.removeVolume(`${bench.project}_absent`);
  });
});

test('an image that is not there: image-missing', async () => {
  const failure = await failureOf(bench.containers.create(bench.service('noimage', { image: 'ldt-cont-absent:1' }), bench.launch()));
  expect(failure.code).toBe('image-missing');
});

test('a cpuset beyond this machine: refused with both figures', async () => {
  const failure = await failureOf(bench.containers.create(bench.service('cpus', { cpuset: '900-901' }), bench.launch()));
  expect(failure.code).toBe('config-invalid');
});
