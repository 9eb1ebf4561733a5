import { createRequire } from 'node:module';
import { expect, test, vi } from 'vitest';

const require = createRequire(import.meta.url);
const loaded = (part: string) => Object.keys(require.cache).filter(file => file.includes(`/node_modules/${part}/`));

/** As in a process that has loaded none of it yet; here others may have. */
async function loadDockerode() {
  for (const file of Object.keys(require.cache)) if (file.includes('/node_modules/')) delete require.cache[file];
  vi.resetModules();
  return (await import('../../daemon/engine/client/load-dockerode.js')).loadDockerode();
}

test('dockerode comes without its heavy parts', async () => {
  const Docker = await loadDockerode();
  expect(typeof new Docker({ socketPath: '/nowhere' }).createContainer).toBe('function');
  // One file each: the stand-in. The real packages have dozens.
  for (const part of ['@grpc/grpc-js', '@grpc/proto-loader', 'ssh2', 'tar-fs']) expect(loaded(part)).toHaveLength(1);
  for (const part of ['protobufjs', 'asn1', 'tar-stream', '@js-sdsl/ordered-map']) expect(loaded(part)).toEqual([]);
});

test('they load at their first use', async () => {
  await loadDockerode();
  const fromDockerode = createRequire(require.resolve('dockerode'));
  const fromModem = createRequire(fromDockerode.resolve('docker-modem'));
  expect(typeof fromDockerode('@grpc/grpc-js').Server).toBe('function');
  expect(typeof fromDockerode('tar-fs').pack).toBe('function');
  // docker-modem keeps the class that it read while loading.
  const { Client } = fromModem('ssh2') as { Client: new () => { connect: unknown } };
  expect(typeof new Client().connect).toBe('function');
  for (const part of ['@grpc/grpc-js', 'tar-stream', 'asn1']) expect(loaded(part).length).toBeGreaterThan(1);
});
