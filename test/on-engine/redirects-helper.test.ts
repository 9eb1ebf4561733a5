import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHostNetworkShell } from '../../daemon/engine/client/host-network-shell.js';
import { openRedirectManager } from '../../daemon/redirects/manager.js';
import type { ScriptRunner } from '../../daemon/redirects/shell.js';
import { bytes, connected, freePort, silent } from '../activation/harness.js';
import { ensureNft, nft } from './support/nft.js';
import { ENGINE, openEngine } from './support/open-engine.js';
import { openImages } from './support/open-images.js';
import { openStack, type Stack } from './support/stack.js';
import { until } from './support/until.js';

const IMAGE = 'laptop-dev/nft';
let stack: Stack;
let address: string;
beforeAll(async () => {
  ensureNft();
  const images = await openImages();
  const context = fileURLToPath(new URL('../../compose/images/nft', import.meta.url));
  await images.ensure({
    reference: IMAGE,
    build: { context, dockerfile: null, dockerfileInline: null, target: null, args: {}, labels: {} },
  });
  images.remove();
  stack = await openStack();
  await stack.run('redis', {});
  address = Object.values((await stack.container('redis').inspect()).NetworkSettings.Networks)[0]?.IPAddress ?? '';
});
afterAll(() => stack?.remove());

/** A shell of a user without privileges. */
const unprivileged: ScriptRunner = script =>
  new Promise(resolve => {
    const args = ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'sh', '-s'];
    const env = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
    const child = execFile('setpriv', args, { env }, (error, stdout, stderr) => resolve({ exitCode: error ? 1 : 0, stdout, stderr }));
    child.stdin?.end(script);
  });
const helper = createHostNetworkShell({ url: ENGINE, tls: null }, IMAGE);

test('without privileges rules cannot be set, and it says which one is missing', async () => {
  const { available } = await openRedirectManager({ instance: 'x', log: silent, own: unprivileged });
  expect(available).toEqual({ reason: 'the daemon cannot set rules of the kernel: it needs CAP_NET_ADMIN' });
});

test('a helper container sets and removes them for a user without privileges, and leaves nothing behind', async () => {
  const instance = `test${randomBytes(4).toString('hex')}`;
  const path = await openRedirectManager({ instance, log: silent, own: unprivileged, helper });
  expect(path.available).toEqual({ how: 'helper' });
  const port = await freePort();
  expect(await path.set([{ service: 'p/redis', hostIp: '127.0.0.1', port, to: { host: address, port: 6379 } }])).toBeNull();
  const socket = await connected(port);
  socket.write('PING\r\n');
  expect(await bytes(socket, 7)).toBe('+PONG\r\n');
  socket.destroy();
  expect(await path.close()).toBeNull();
  expect(nft('list', 'tables', 'ip')).not.toContain(instance);
  await until('the helper is removed', 20_000, async () => {
    const left = await openEngine(ENGINE).listContainers({ all: true, filters: { label: ['laptop-dev.helper'] } });
    return left.some(({ Command }) => Command.includes(instance)) ? null : true;
  });
});

test('the helper tells what a script said and how it ended; without its image it says so', async () => {
  expect(await helper('echo out; echo err >&2; exit 3')).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
  expect(await helper('id -u; grep CapEff /proc/self/status')).toMatchObject({ stdout: '0\nCapEff:\t0000000000001000\n' });
  const none = createHostNetworkShell({ url: ENGINE, tls: null }, 'ldt-no-such-image:1');
  const { available } = await openRedirectManager({ instance: 'x', log: silent, own: unprivileged, helper: none });
  expect(available).toEqual({ reason: expect.stringContaining('ldt-no-such-image:1') });
});
