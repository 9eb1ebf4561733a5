import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectConnection } from '../../daemon/activation/own-address.js';
import { createContainers } from '../../daemon/engine/containers.js';
import type { NetworkSpec } from '../../daemon/model/spec.js';
import { type Bench, IMAGE, openBench, silent } from './support/bench-engine.js';
import { ensureNft, nft } from './support/nft.js';
import { ENGINE, openEngine } from './support/open-engine.js';

const engine = openEngine(ENGINE);
let bench: Bench;
beforeAll(async () => {
  ensureNft();
  bench = await openBench();
});
afterAll(() => bench?.clear());

const network = (key: string, more: Partial<NetworkSpec> = {}): NetworkSpec => ({
  ...bench.network,
  key,
  name: `${bench.project}_${key}`,
  ...more,
});
const make = (...networks: NetworkSpec[]) => bench.containers.ensureResources(bench.project, networks, []);
const configOf = async ({ name }: NetworkSpec) => (await engine.getNetwork(name).inspect()).IPAM?.Config?.[0];
const freeBlock = (): string => `10.${201 + ((randomBytes(1)[0] ?? 0) % 40)}.${randomBytes(1)[0] ?? 0}`;

test('more networks than the engine has pools for; each again where it was', async () => {
  const all = Array.from({ length: 32 }, (_, index) => network(`n${index}`));
  for (const each of all) await make(each);
  const subnets = await Promise.all(all.map(async each => (await configOf(each))?.Subnet));
  expect(new Set(subnets).size).toBe(32);
  for (const subnet of subnets) expect(subnet).toMatch(/^10\.187\.\d+\.0\/24$/);
  const [first = network('n0')] = all;
  await bench.containers.removeNetwork(first.name);
  await make(first);
  expect((await configOf(first))?.Subnet).toBe(subnets[0]);
  await Promise.all(all.map(each => bench.containers.removeNetwork(each.name)));
});

test('a range of the user’s own is taken, and what the engine chooses is left to it', async () => {
  const block = freeBlock();
  const own = createContainers({ endpoint: ENGINE, instance: bench.instance, log: silent, networkPools: [`${block}.0/24`] });
  const engines = createContainers({ endpoint: ENGINE, instance: bench.instance, log: silent, networkPools: null });
  const [one, two] = [network('own'), network('engines')];
  await own.ensureResources(bench.project, [one], []);
  await engines.ensureResources(bench.project, [two], []);
  expect((await configOf(one))?.Subnet).toMatch(new RegExp(`^${block.replaceAll('.', '\\.')}\\.\\d+/28$`));
  expect((await configOf(two))?.Subnet).toMatch(/\/(16|20)$/);
  for (const { name } of [one, two]) await bench.containers.removeNetwork(name);
  own.close();
  engines.close();
});

test('a static address stays free while its service does not run; ranges, gateway and other addresses are passed on', async () => {
  const block = freeBlock();
  const lan = network('lan', { subnets: [`${block}.0/24`], reserved: [`${block}.2`] });
  await make(lan);
  expect(await configOf(lan)).toEqual({ Subnet: `${block}.0/24`, IPRange: `${block}.128/25`, Gateway: `${block}.1` });
  const attached = (ipv4: string | null) => ({ networks: [{ network: 'lan', aliases: [], ipv4, ipv6: null }] });
  const launch = { networks: [lan] };
  const dynamic = await bench.run(bench.service('dynamic', attached(null)), launch);
  expect((await bench.containers.inspect(dynamic))?.ip).toBe(`${block}.128`);
  const own = await bench.run(bench.service('own', attached(`${block}.2`)), launch);
  expect((await bench.containers.inspect(own))?.ip).toBe(`${block}.2`);
  for (const id of [dynamic, own]) {
    await bench.containers.stop(id, 0);
    await bench.containers.remove(id, { anonymousVolumes: true });
  }
  // The same again is no change; another definition is, while nobody is in it.
  await make(lan);
  const range = { subnet: `${block}.0/24`, range: `${block}.64/26`, gateway: `${block}.254`, aux: { router: `${block}.65` } };
  await make({ ...lan, ranges: [range] });
  expect(await configOf(lan)).toEqual({
    Subnet: range.subnet,
    IPRange: range.range,
    Gateway: range.gateway,
    AuxiliaryAddresses: range.aux,
  });
  expect(await bench.containers.gateways([lan.name])).toMatchObject([{ address: `${block}.254` }]);
  await bench.containers.removeNetwork(lan.name);
});

test('a gateway that nobody has named is found', async () => {
  const block = freeBlock();
  const name = `${bench.project}_plain`;
  await engine.createNetwork({ Name: name, IPAM: { Config: [{ Subnet: `${block}.0/24` }] } });
  expect(await bench.containers.gateways([name])).toEqual([{ network: name, address: `${block}.1`, subnets: [`${block}.0/24`] }]);
  await engine.getNetwork(name).remove();
});

test('a connection from inside a network arrives, or is dropped by a firewall', async () => {
  const inside = network('inside');
  await make(inside);
  const [{ address = '' } = {}] = await bench.containers.gateways([inside.name]);
  const from = { network: inside.name, image: IMAGE };
  const arrives = async (): Promise<boolean> => {
    const { port, arrived, close } = await expectConnection(address);
    const tried = bench.containers.connectFrom(from, { address, port }, { patience: 3_000, signal: AbortSignal.timeout(60_000) });
    const has = await Promise.race([arrived.then(() => true), tried.then(() => false)]);
    close();
    await tried;
    return has;
  };
  expect(await arrives()).toBe(true);
  const table = `ldt_reach_${randomBytes(4).toString('hex')}`;
  nft(`add table ip ${table}; add chain ip ${table} input { type filter hook input priority 0; }`);
  try {
    nft(`add rule ip ${table} input ip daddr ${address} drop`);
    expect(await arrives()).toBe(false);
    nft(`flush chain ip ${table} input; add rule ip ${table} input ip daddr ${address} reject`);
    expect(await arrives()).toBe(false);
  } finally {
    nft('delete', 'table', 'ip', table);
  }
  await bench.containers.removeNetwork(inside.name);
});
