import type Dockerode from 'dockerode';
import { createConnection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { framesOf } from './demux.js';
import type { Endpoint } from './endpoint.js';
import type { EngineFacts } from './facts.js';

const MiB = 1024 * 1024;

/** What a script in the helper has come to. */
export interface HelperOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs POSIX shell scripts, each in a container of its own out of `image`, on the engine's host network with NET_ADMIN and nothing else:
 * no volume, no other capability. The engine removes it when the script has ended, also when nobody waits any more. Rejects with
 * FailureError (image-missing, engine-error, engine-timeout).
 */
export function createHostNetworkShell(endpoint: Endpoint, image: string): (script: string) => Promise<HelperOutcome> {
  const connection = createConnection(endpoint);
  return async script => {
    try {
      const { kind } = await connection.facts();
      const container = options(image, script, kind);
      return await connection.call('a helper for rules of the kernel', DEADLINE.slow, client => run(client, container));
    } finally {
      connection.close();
    }
  };
}

/** The last line of the helper: its exit code, so that nobody has to ask about a container that is already removed. */
const STATUS = /\n?helper-status (\d+)\n$/;

async function run(client: Dockerode, options: Dockerode.ContainerCreateOptions): Promise<HelperOutcome> {
  const container = await client.createContainer(options);
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  await container.start();
  const output = { stdout: '', stderr: '' };
  for await (const { stream: name, data } of framesOf(stream as AsyncIterable<Buffer>, false)) output[name] += data.toString('utf8');
  const status = STATUS.exec(output.stdout);
  return { ...output, stdout: output.stdout.replace(STATUS, ''), exitCode: status ? Number(status[1]) : 125 };
}

function options(image: string, script: string, kind: EngineFacts['kind']): Dockerode.ContainerCreateOptions {
  return {
    Image: image,
    User: '0:0',
    Entrypoint: ['sh', '-c', 'sh -c "$1"; printf "\\nhelper-status %s\\n" "$?"', 'sh', script],
    Cmd: [],
    Labels: { 'laptop-dev.helper': 'rules' },
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'host',
      UsernsMode: 'host',
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      ReadonlyRootfs: true,
      // route_localnet is below /proc/sys, which engines and AppArmor's and SELinux' usual profiles keep from being written.
      MaskedPaths: [],
      ReadonlyPaths: [],
      SecurityOpt: ['no-new-privileges', 'apparmor=unconfined', 'label=disable', ...(kind === 'podman' ? ['unmask=ALL'] : [])],
      Memory: 64 * MiB,
      MemorySwap: 64 * MiB,
      PidsLimit: 32,
    },
  };
}
