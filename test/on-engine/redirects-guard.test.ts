import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedirectManager } from '../../daemon/redirects/manager.js';
import { bridgeTo } from '../../daemon/redirects/routes.js';
import { type Running, serve, silent } from '../activation/harness.js';
import { ensureNft, nft } from './support/nft.js';
import { ENGINE, openEngine } from './support/open-engine.js';
import { removeImage, tinyImage } from './support/tiny-image.js';

const IMAGE = 'ldt-kernel-tiny:1';
const NAME = `ldt-kernel-${randomBytes(3).toString('hex')}`;
const engine = openEngine(ENGINE);
let host: Running;
let gateway: string;
let keeper: Dockerode.Container;
let localnet: string;
let bridge: string;
let pid: number;
beforeAll(async () => {
  ensureNft();
  await tinyImage(ENGINE, IMAGE);
  const network = await engine.createNetwork({ Name: NAME });
  const { IPAM } = await network.inspect();
  gateway = IPAM?.Config?.[0]?.Gateway ?? '';
  // Podman makes the bridge with the first container, removes it with the last, and opens it itself.
  keeper = await engine.createContainer({ Image: IMAGE, Cmd: ['/bin/sleep', '600'], HostConfig: { NetworkMode: NAME } });
  await keeper.start();
  pid = (await keeper.inspect()).State.Pid;
  bridge = bridgeTo(gateway) ?? '';
  localnet = `/proc/sys/net/ipv4/conf/${bridge}/route_localnet`;
  writeFileSync(localnet, '0');
  host = await serve(socket => void socket.end('private'));
});
afterAll(async () => {
  await host?.close();
  await keeper?.remove({ force: true });
  await engine.getNetwork(NAME).remove();
  await removeImage(ENGINE, IMAGE);
});

/** A container that may change its own network sends what is for 127.0.0.1 to the bridge, and tells what answers there. */
async function forger(): Promise<string> {
  const script = `ip route del local 127.0.0.0/8 dev lo table local; ip route del local 127.0.0.1 dev lo table local
ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1/32 via ${gateway} dev eth0
timeout 2 nc 127.0.0.1 ${host.target.port} < /dev/null
exit 0`; // the shell stays PID 1, which no signal of timeout would end
  const container = await engine.createContainer({
    Image: IMAGE,
    Cmd: ['/bin/sh', '-c', script],
    HostConfig: {
      NetworkMode: NAME,
      CapAdd: ['NET_ADMIN'],
      Sysctls: { 'net.ipv4.conf.all.route_localnet': '1' },
      Memory: 64 * 1024 * 1024,
    },
  });
  try {
    await container.start();
    await container.wait();
    return (await container.logs({ stdout: true })).toString('utf8').replace(/^.{8}/s, '');
  } finally {
    await container.remove({ force: true });
  }
}

test('no container gets at what listens on 127.0.0.1 of this machine through a bridge that is open for redirects', async () => {
  const instance = `test${randomBytes(4).toString('hex')}`;
  const path = await openRedirectManager({ instance, log: silent });
  const to = { host: gateway, port: 1 }; // nobody listens there, which is an answer
  expect(await path.set([{ service: 'p/s', hostIp: '127.0.0.1', port: 1, to }])).toBeNull();
  expect(readFileSync(localnet, 'utf8')).toBe('1\n');
  expect(await forger()).toBe('');
  nft('flush', 'chain', 'ip', `laptop_dev_${instance}`, 'guard');
  expect(await forger()).toBe('private'); // the test sees what the guard is for
  expect(await path.close()).toBeNull();
  expect(await forger()).toBe('');
});

const FRAME = fileURLToPath(new URL('./support/raw-frame.pl', import.meta.url));

/** In the network of the container, as a process in it with CAP_NET_RAW, which containers have, would. */
function inContainer(...command: string[]): void {
  execFileSync('nsenter', ['-t', String(pid), '-n', ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Counts what comes from the bridge and gets as far as the sockets of this machine, in a table of its own. */
function counted(table: string, matches: readonly string[], send: () => void): number {
  const rules = matches.map(match => `add rule inet ${table} seen iifname "${bridge}" ${match} counter`);
  nft([`add table inet ${table}`, `add chain inet ${table} seen { type filter hook input priority 300; }`, ...rules].join('; '));
  try {
    send();
    const listed = nft('list', 'table', 'inet', table);
    return [...listed.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
  } finally {
    nft('delete', 'table', 'inet', table);
  }
}

const PROTOCOLS = ['tcp', 'udp', 'icmp', '132', '47', '253'];

test('nor does one that forges packets from 127.0.0.0/8, of whatever protocol, to any address of this machine', async () => {
  const instance = `test${randomBytes(4).toString('hex')}`;
  const path = await openRedirectManager({ instance, log: silent });
  const set = () => path.set([{ service: 'p/s', hostIp: '127.0.0.1', port: 1, to: { host: gateway, port: 1 } }]);
  const frames = (protocols: readonly string[]) =>
    counted(`ldt_seen_${instance}`, ['ip saddr 127.0.0.0/8', 'ip daddr 127.0.0.0/8'], () => {
      const ends = [['127.0.0.9', gateway], ['127.0.0.1', gateway], ['127.0.0.9', '127.0.0.1']]; // biome-ignore format: short
      inContainer('perl', FRAME, gateway, ...protocols.flatMap(protocol => ends.map(each => [protocol, ...each].join())));
    });
  expect(await set()).toBeNull();
  expect(frames(PROTOCOLS)).toBe(0);
  nft('flush', 'chain', 'ip', `laptop_dev_${instance}`, 'guard');
  expect(frames(['udp', 'tcp'])).toBeGreaterThan(0); // the test sees what the guard is for
  expect(await set()).toBeNull();
  expect(frames(['udp'])).toBe(0);
  // A bridge that somebody else has opened, as Podman does, is guarded while it is used, and left as it was.
  expect(await path.close()).toBeNull();
  writeFileSync(localnet, '1');
  expect(await set()).toBeNull();
  expect(frames(['udp', 'icmp'])).toBe(0);
  expect(await path.close()).toBeNull();
  expect(readFileSync(localnet, 'utf8')).toBe('1\n');
  writeFileSync(localnet, '0');
  expect(frames(PROTOCOLS)).toBe(0); // the kernel's own check is back
});

test('IPv6: neither ::1 nor 127.0.0.0/8 in IPv6 form comes through', async () => {
  const instance = `test${randomBytes(4).toString('hex')}`;
  const path = await openRedirectManager({ instance, log: silent });
  expect(await path.set([{ service: 'p/s', hostIp: '127.0.0.1', port: 1, to: { host: gateway, port: 1 } }])).toBeNull();
  const target = /inet6 (fe80:[0-9a-f:]+)/.exec(execFileSync('ip', ['-6', 'addr', 'show', 'dev', bridge], { encoding: 'utf8' }))?.[1] ?? '';
  const sent = counted(`ldt_seen_${instance}`, ['ip6 saddr ::1', 'ip6 daddr ::1', 'ip6 saddr ::ffff:127.0.0.0/104'], () => {
    const ends = [['::1', target], ['fe80::9', '::1'], ['::ffff:127.0.0.9', target]]; // biome-ignore format: short
    inContainer('perl', FRAME, gateway, ...PROTOCOLS.flatMap(protocol => ends.map(each => [protocol, ...each].join())));
  });
  expect(await path.close()).toBeNull();
  expect(sent).toBe(0);
});
