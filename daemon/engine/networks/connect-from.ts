import { randomBytes } from 'node:crypto';
import { LABEL } from '../../model/labels.js';
import { MiB } from '../../shared/bytes.js';
import type { Ms } from '../../shared/span.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { removeByForce } from '../containers/remove.js';

/** What the script ends with where the image has nothing that could connect. */
const NO_MEANS = 42;
const MEMORY = 64 * MiB;

/** With whatever an image has; each ends by itself, or when its container is removed. */
const SCRIPT = `
has() { command -v "$1" >/dev/null 2>&1; }
if has bash; then exec bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2"; fi
if has nc; then nc -w 5 "$1" "$2" </dev/null; exit; fi
if has perl; then exec perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 5)' "$1" "$2"; fi
if has python3; then exec python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)' "$1" "$2"; fi
if has curl; then curl -s -m 5 "http://$1:$2/"; exit 0; fi
if has wget; then wget -q -T 5 -O /dev/null "http://$1:$2/"; exit 0; fi
if has node; then exec node -e 'require("net").connect(+process.argv[2], process.argv[1]).on("connect", () => process.exit(0)).on("error", () => process.exit(1))' "$1" "$2"; fi
exit ${NO_MEANS}
`;

/**
 * Connects from inside a network: a throw-away container of this image, without capabilities and volumes. Resolves when its command has ended,
 * it has taken longer than `patience`, or `signal` was aborted; false: it cannot be told, since the image has no shell or nothing that connects. Whether anything has
 * arrived, who listens knows best.
 */
export async function connectFrom(
  connection: EngineConnection,
  instance: string,
  from: { readonly network: string; readonly image: string },
  target: { readonly address: string; readonly port: number },
  { patience, signal }: { readonly patience: Ms; readonly signal: AbortSignal },
): Promise<boolean> {
  const body = {
    Image: from.image,
    Entrypoint: ['/bin/sh', '-c', SCRIPT, 'sh', target.address, String(target.port)],
    Cmd: [],
    Labels: { [LABEL.helper]: 'reach', [LABEL.helperOf]: instance, [LABEL.helperRun]: 'reach' },
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: from.network,
      Memory: MEMORY,
      MemorySwap: MEMORY,
      PidsLimit: 32,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none', Config: {} },
    },
  };
  const what = `connect from network ${from.network}`;
  const name = `laptop-dev-reach-${randomBytes(4).toString('hex')}`;
  const { id } = await connection.call(what, DEADLINE.slow, client => client.createContainer({ name, ...body }));
  try {
    // No shell: the engine cannot start it.
    const started = await connection.call(what, DEADLINE.slow, client => client.getContainer(id).start()).then(() => true, () => false); // biome-ignore format: short
    if (!started) return false;
    const ended = connection.call(what, DEADLINE.slow, (client, abortSignal) =>
      client.getContainer(id).wait({ abortSignal: AbortSignal.any([abortSignal, signal, AbortSignal.timeout(patience)]) }),
    );
    return await ended.then(({ StatusCode }) => StatusCode !== NO_MEANS, () => true); // biome-ignore format: short
  } finally {
    void removeByForce(connection, id, { v: true }).catch(() => undefined); // else removeHelpers of the next daemon
  }
}
