import { expect, test } from 'vitest';
import { besideOptions } from '../../daemon/engine/containers/one-off.js';
import type { MountSpec } from '../../daemon/model/spec.js';
import type { ExecOptions } from '../../daemon/ports/ports.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { containerSpec } from '../scheduler/specs.js';

const volume = { key: 'models', name: 'p_models', external: false, driver: null, options: {}, labels: {} };
const exec: ExecOptions = { command: ['node', 'manage.js', 'ls'], tty: false, user: null, workingDir: null, environment: { B: '2' } };
const mounts: readonly MountSpec[] = [
  { kind: 'volume', volume: 'models', target: '/models', readOnly: true, noCopy: false },
  { kind: 'volume', volume: null, target: '/cache', readOnly: false, noCopy: false },
  { kind: 'bind', source: '/home/me', target: '/home', readOnly: false, createSource: false, propagation: null },
  { kind: 'tmpfs', target: '/tmp', size: 16 * MiB, mode: null, options: null },
];

test('the service’s image, user and environment, its named volumes writable, and nothing else of it', () => {
  const container = containerSpec({
    image: 'llm',
    command: ['serve'],
    entrypoint: ['/entry'],
    environment: { A: '1', B: '1' },
    user: '10002:10002',
    privileged: true,
    capAdd: ['SYS_ADMIN'],
    networks: [{ network: 'default', aliases: [], ipv4: null, ipv6: null }],
    ports: [{ hostIp: '127.0.0.1', host: 8090, container: 8090, protocol: 'tcp' }],
    mounts,
  });
  expect(besideOptions(container, [volume], exec)).toEqual({
    Image: 'llm',
    Entrypoint: ['node'],
    Cmd: ['manage.js', 'ls'],
    Env: ['A=1', 'B=2'],
    User: '10002:10002',
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      Memory: 256 * MiB,
      MemorySwap: 256 * MiB,
      PidsLimit: 128,
      RestartPolicy: { Name: 'no' },
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Binds: [],
      Mounts: [{ Type: 'volume', Source: 'p_models', Target: '/models', ReadOnly: false }],
      Tmpfs: { '/tmp': 'size=16777216' },
    },
  });
});

test('the caller’s user and folder win', () => {
  const made = besideOptions(containerSpec({ user: '1', workingDir: '/app' }), [], { ...exec, user: '2', workingDir: '/srv' });
  expect([made.User, made.WorkingDir]).toEqual(['2', '/srv']);
});
