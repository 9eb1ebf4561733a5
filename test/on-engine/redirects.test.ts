import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { untilReady } from '../../daemon/activation/probe.js';
import type { Counters, Redirect, RedirectManager } from '../../daemon/ports/redirects.js';
import { openRedirectManager, USED } from '../../daemon/redirects/manager.js';
import { bridgeTo } from '../../daemon/redirects/routes.js';
import { bytes, connected, freePort, type Running, serve, silent, until } from '../activation/harness.js';
import { ensureNft, nft } from './support/nft.js';
import { setAndKilled } from './support/redirect-process.js';
import { openStack, type Stack } from './support/stack.js';

/** Rules of the real kernel between a listener, as the daemon's, and a real Redis in a container. */
let stack: Stack;
let pid: number;
let address: string;
let bridge: string;
let gateway: string;
beforeAll(async () => {
  ensureNft();
  stack = await openStack();
  await stack.run('redis', {});
  const { State, NetworkSettings } = await stack.container('redis').inspect();
  const [network] = Object.values(NetworkSettings.Networks);
  [pid, address, gateway] = [State.Pid, network?.IPAddress ?? '', network?.Gateway ?? ''];
  bridge = bridgeTo(address) ?? '';
  writeFileSync(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, '0'); // Podman opens its bridges itself
  await untilReady({ protocol: 'redis', target: { host: address, port: 6379 } }, AbortSignal.timeout(60_000));
});
afterAll(() => stack?.remove());

let instance: string;
let path: RedirectManager;
let listener: Running;
const sockets: Socket[] = [];
beforeEach(async () => {
  instance = `test${randomBytes(4).toString('hex')}`;
  path = await openRedirectManager({ instance, log: silent });
  listener = await serve(socket => void socket.once('data', () => socket.end('listener')));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.close();
  expect(await path.close()).toBeNull();
  expect(tables()).not.toContain(`laptop_dev_${instance}`);
  expect(localnet()).toBe('0');
});

const redirect = (port = listener.target.port): Redirect => ({
  service: 'p/redis',
  hostIp: '127.0.0.1',
  port,
  to: { host: address, port: 6379 },
});
const tables = (): string => nft('list', 'tables', 'ip');
const table = (): string => nft('list', 'table', 'ip', `laptop_dev_${instance}`);
const localnet = (): string => readFileSync(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, 'utf8').trim();

/** Received and sent by the container, ARP and all. */
function packetsOf(process: number): number {
  const columns = /eth0:\s*(.*)/.exec(readFileSync(`/proc/${process}/net/dev`, 'utf8'))?.[1]?.split(/\s+/) ?? [];
  return Number(columns[1]) + Number(columns[9]);
}

/** Connects and asks who is there. */
async function open(port = listener.target.port): Promise<Socket> {
  const socket = await connected(port);
  sockets.push(socket);
  return socket;
}
async function answer(socket: Socket): Promise<string> {
  socket.write('PING\r\n');
  return (await bytes(socket, 7)) === '+PONG\r\n' ? 'redis' : 'listener';
}
const who = async (): Promise<string> => answer(await open());

test('a connection goes to the container past the listener, from the bridge’s address, until the rule is removed', async () => {
  expect(path.available).toEqual({ how: 'nft' });
  expect(await who()).toBe('listener');
  expect(path.refuses(redirect())).toBeNull();
  expect(await path.set([redirect()])).toBeNull();
  listener.sockets.clear();
  const socket = await open();
  expect(await answer(socket)).toBe('redis');
  expect(listener.sockets.size).toBe(0);
  socket.write('CLIENT INFO\r\n');
  expect(await bytes(socket, 200)).toContain(` addr=${gateway}:`);

  expect(await path.set([])).toBeNull();
  expect(await who()).toBe('listener');
  // What the kernel carries already goes on until it ends: the drain before a stop can see it.
  expect(await answer(socket)).toBe('redis');
  expect(path.open(redirect(), pid)).toBe(1);
  socket.end();
  await until(() => path.open(redirect(), pid) === 0);
});

test('what is used is read from the container’s own counters; silent connections and their keep-alive probes are no use', async () => {
  await path.set([redirect()]);
  const use = (): Counters => path.use(redirect(), pid) ?? { bytes: Number.NaN, connections: Number.NaN };
  const one = await open();
  one.write('CONFIG SET tcp-keepalive 1\r\n');
  expect(await bytes(one, 5)).toBe('+OK\r\n');
  const before = use().connections;
  for (let each = 0; each < 20; each += 1) await open();
  const [after, packets] = [use(), packetsOf(pid)];
  expect(after.connections - before).toBe(20);
  await until(() => packetsOf(pid) >= packets + 80); // a probe and its answer on each connection, twice
  expect(use().bytes - after.bytes).toBeLessThan(2 * USED); // all of it what a container that has just started sends by itself
  const silent = use();
  for (let times = 0; times < 20; times += 1) await answer(one);
  expect(use().bytes - silent.bytes).toBeGreaterThan(USED);
  expect(use().bytes - silent.bytes).toBeLessThan(20 * (6 + 7) + 200);
});

test('the same again changes nothing, another list replaces all, and the guard stands', async () => {
  const others = [redirect(), redirect(await freePort()), { ...redirect(await freePort()), hostIp: '0.0.0.0' }];
  await path.set(others);
  const first = table();
  expect(first.match(/dnat to/g)).toHaveLength(3);
  expect(first.match(/masquerade/g)).toHaveLength(1);
  expect(first).toContain(`elements = { "${bridge}" }`);
  expect(first).toContain('iifname @opened ip daddr 127.0.0.0/8 drop');
  expect(localnet()).toBe('1');
  await path.set(others);
  expect(table()).toBe(first);
  await path.set(others.slice(2));
  expect(table().match(/dnat to/g)).toHaveLength(1);
  expect(table()).toContain(`ip daddr 127.0.0.1 tcp dport ${others[2]?.port} dnat to ${address}:6379 comment "p/redis"`);
});

test('while rules come and go no connection fails: each reaches the container or the listener', async () => {
  let changing = true;
  const changes = (async () => {
    for (let times = 0; times < 40; times += 1) await path.set(times % 2 ? [] : [redirect()]);
    changing = false;
  })();
  const seen = { redis: 0, listener: 0 };
  while (changing) {
    const socket = await open();
    seen[(await answer(socket)) as keyof typeof seen] += 1;
    socket.destroy();
  }
  await changes;
  expect(seen.redis).toBeGreaterThan(0);
  expect(seen.listener).toBeGreaterThan(0);
});

test('after kill -9 of who set them the rules still work, and the next one leaves exactly those that are wanted', async () => {
  const [gone, port] = [await freePort(), listener.target.port];
  expect(await setAndKilled(instance, [redirect(gone), redirect(port)])).toBeNull();
  expect(await who()).toBe('redis');
  expect(await answer(await open(gone))).toBe('redis');
  const next = await openRedirectManager({ instance, log: silent });
  expect(await next.set([redirect(port)])).toBeNull();
  expect(await who()).toBe('redis');
  await expect(open(gone)).rejects.toThrow('ECONNREFUSED');
  expect(table().match(/dnat to/g)).toHaveLength(1);
  // afterEach: the one who comes last restores what the killed one has set.
});

test('tables of others stay as they are, Docker’s too', async () => {
  const docker = (): string =>
    nft('-s', 'list', 'table', 'ip', 'nat')
      .split('\n')
      .filter(line => line.includes(address))
      .join('\n');
  const other = `ldt_other_${instance}`;
  nft('add', 'table', 'ip', other);
  nft(
    `add chain ip ${other} output { type nat hook output priority -105; }; add rule ip ${other} output ip daddr 127.0.0.9 counter accept`,
  );
  try {
    const before = [docker(), nft('list', 'table', 'ip', other)];
    expect(before[0]).toContain('dnat');
    await path.set([redirect()]);
    expect(await who()).toBe('redis');
    expect([docker(), nft('list', 'table', 'ip', other)]).toEqual(before);
    const published = (await stack.container('redis').inspect()).NetworkSettings.Ports['6379/tcp']?.[0]?.HostPort;
    expect(await answer(await open(Number(published)))).toBe('redis');
    await path.close();
    expect([docker(), nft('list', 'table', 'ip', other)]).toEqual(before);
  } finally {
    nft('delete', 'table', 'ip', other);
  }
});

test('two daemons on one bridge: the first to go leaves it open for the other', async () => {
  const second = await openRedirectManager({ instance: `${instance}b`, log: silent });
  const port = await freePort();
  await path.set([redirect()]);
  await second.set([redirect(port)]);
  await path.close();
  expect(localnet()).toBe('1');
  expect(await answer(await open(port))).toBe('redis');
  expect(nft('list', 'set', 'ip', `laptop_dev_${instance}b`, 'opened')).toContain(bridge);
  await second.close();
  expect(localnet()).toBe('0');
});

test('where a firewall swallows redirected connections, the listener has them again, and it is not tried any more', async () => {
  const firewall = `ldt_firewall_${instance}`;
  nft('add', 'table', 'ip', firewall);
  nft(
    `add chain ip ${firewall} output { type filter hook output priority 0; }; add rule ip ${firewall} output ip daddr ${address} tcp dport 6379 ct status dnat ct mark 0 drop`,
  );
  try {
    expect(await path.set([redirect()])).toMatchObject({
      code: 'kernel-path',
      message: `redirected connections get no answer through ${bridge}: a firewall may drop them`,
      details: { bridges: [bridge], services: ['p/redis'] },
    });
    expect(await who()).toBe('listener');
    expect(path.refuses(redirect())).toBe(`redirected connections got no answer through ${bridge}`);
    expect(await path.set([redirect()])).toBeNull();
    expect(await who()).toBe('listener');
  } finally {
    nft('delete', 'table', 'ip', firewall);
  }
});

test('a container that has gone says nothing about its bridge', async () => {
  const nobody = { ...redirect(await freePort()), to: { host: address.replace(/\d+$/, '251'), port: 6379 } };
  expect(await path.set([nobody])).toBeNull();
  expect(path.refuses(redirect())).toBeNull();
  expect(await path.set([redirect()])).toBeNull();
  expect(await who()).toBe('redis');
});
