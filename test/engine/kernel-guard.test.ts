import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type Dockerode from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKernelPath } from '../../daemon/kernel-path/kernel-path.js';
import { bridgeTo } from '../../daemon/kernel-path/routes.js';
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
beforeAll(async () => {
  ensureNft();
  await tinyImage(ENGINE, IMAGE);
  const network = await engine.createNetwork({ Name: NAME });
  const { IPAM } = await network.inspect();
  gateway = IPAM?.Config?.[0]?.Gateway ?? '';
  // Podman makes the bridge with the first container, removes it with the last, and opens it itself.
  keeper = await engine.createContainer({ Image: IMAGE, Cmd: ['/bin/sleep', '600'], HostConfig: { NetworkMode: NAME } });
  await keeper.start();
  localnet = `/proc/sys/net/ipv4/conf/${bridgeTo(gateway)}/route_localnet`;
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
  const path = await openKernelPath({ instance, log: silent });
  const to = { host: gateway, port: 1 }; // nobody listens there, which is an answer
  expect(await path.set([{ service: 'p/s', hostIp: '127.0.0.1', port: 1, to }])).toBeNull();
  expect(readFileSync(localnet, 'utf8')).toBe('1\n');
  expect(await forger()).toBe('');
  nft('flush', 'chain', 'ip', `laptop_dev_${instance}`, 'guard');
  expect(await forger()).toBe('private'); // the test sees what the guard is for
  expect(await path.close()).toBeNull();
  expect(await forger()).toBe('');
});
