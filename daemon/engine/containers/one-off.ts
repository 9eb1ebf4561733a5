import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { LABEL } from '../../model/labels.js';
import type { ContainerSpec, MountSpec, ServiceSpec, VolumeSpec } from '../../model/spec.js';
import type { ExecOptions, ExecSession, Log } from '../../ports/ports.js';
import { MiB } from '../../shared/bytes.js';
import { FailureError } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { framesOf } from '../client/demux.js';
import { checkLimits } from '../mapping/limits.js';
import { mountOptions } from '../mapping/mounts.js';
import type { Guard } from '../mount-guard/guard.js';
import { removeByForce } from './remove.js';

/** Without swap. It stands beside the budget: it is small, and there while a command runs only. */
const MEMORY = 256 * MiB;

export interface OneOffs {
  open(spec: ServiceSpec, volumes: readonly VolumeSpec[], options: ExecOptions): Promise<ExecSession>;
  removeLeft(): Promise<void>;
}

/** Throw-away containers beside services; see Containers.beside. */
export function createOneOff(connection: EngineConnection, instance: string, log: Log, guard: Guard): OneOffs {
  const run = randomBytes(6).toString('hex');
  const remove = (id: string) =>
    removeByForce(connection, id, { v: true }).catch(error =>
      log.warn({ container: id, err: error }, 'a helper container could not be removed'),
    );
  return {
    async open(spec, volumes, options) {
      if (!spec.container) throw new Error(`${spec.project}/${spec.name} has no definition to make a container from`);
      const labels = { [LABEL.helper]: 'beside', [LABEL.helperOf]: instance, [LABEL.helperRun]: run };
      const volumesOnly = { ...spec.container, mounts: spec.container.mounts.filter(mount => mount.kind === 'volume') };
      const body = besideOptions(spec.container, volumes, options);
      const id = await guard.create(spec.name, '', volumesOnly, volumes, () => create(connection, body, { spec, labels }));
      try {
        return await session(
          connection,
          id,
          options.tty,
          run => guard.start(id, null, run),
          once(() => remove(id)),
        );
      } catch (error) {
        await remove(id);
        throw error;
      }
    },
    async removeLeft() {
      const label = [`${LABEL.helperOf}=${instance}`];
      const found = await connection.call('list helper containers', DEADLINE.quick, (client, abortSignal) =>
        client.listContainers({ all: true, filters: { label }, abortSignal }),
      );
      for (const { Id, Labels } of found) if (Labels[LABEL.helperRun] !== run) await remove(Id);
    },
  };
}

async function create(
  connection: EngineConnection,
  body: Dockerode.ContainerCreateOptions,
  { spec, labels }: { readonly spec: ServiceSpec; readonly labels: Readonly<Record<string, string>> },
): Promise<string> {
  const name = `${spec.project}-${spec.name}-beside-${randomBytes(4).toString('hex')}`;
  const platform = spec.container?.platform ?? null;
  const { id } = await connection.call(`create ${name}`, DEADLINE.slow, (client, abortSignal) => {
    const call = { _query: { name, ...(platform === null ? {} : { platform }) }, _body: { ...body, Labels: labels }, abortSignal };
    return client.createContainer(call as Dockerode.ContainerCreateOptions);
  });
  try {
    const { HostConfig } = await connection.call(`inspect ${name}`, DEADLINE.quick, (client, abortSignal) =>
      client.getContainer(id).inspect({ abortSignal }),
    );
    const { failure: wrong } = checkLimits(name, body.HostConfig ?? {}, HostConfig);
    if (wrong) throw new FailureError(wrong);
    return id;
  } catch (error) {
    await removeByForce(connection, id, { v: true }).catch(() => undefined);
    throw error;
  }
}

/** Its command's streams are attached before it starts, so that nothing of them is lost. */
async function session(
  connection: EngineConnection,
  id: string,
  tty: boolean,
  guarded: (run: () => Promise<void>) => Promise<void>,
  remove: () => Promise<void>,
): Promise<ExecSession> {
  const what = `run a helper container ${id.slice(0, 12)}`;
  const socket = await connection.call(what, DEADLINE.quick, (client, abortSignal) => attach(client, id, abortSignal));
  // The engine may close first: whoever reads the output sees its end.
  socket.on('error', () => undefined);
  await guarded(() => connection.call(what, DEADLINE.slow, (client, abortSignal) => client.getContainer(id).start({ abortSignal })));
  return {
    write: data => void socket.write(data),
    end: () => void socket.end(),
    resize: async (columns, rows) => {
      await connection.call('resize', DEADLINE.quick, (client, abortSignal) =>
        client.getContainer(id).resize({ w: columns, h: rows, abortSignal }),
      );
    },
    output: framesOf(socket, tty),
    exitCode: async () => {
      const { StatusCode } = await connection.call(what, DEADLINE.quick, (client, abortSignal) =>
        client.getContainer(id).wait({ abortSignal }),
      );
      await remove();
      return StatusCode;
    },
    close: () => {
      socket.destroy();
      void remove();
    },
  };
}

/** Not dockerode's own attach: it sends its options as the request's body as well, which Podman takes for the first of the input. */
function attach(client: Dockerode, id: string, abortSignal: AbortSignal): Promise<Duplex> {
  const options = { _query: { stream: true, stdin: true, stdout: true, stderr: true } };
  const statusCodes = { 101: true, 200: true, 404: 'no such container', 500: 'server error' };
  const request = {
    path: `/containers/${id}/attach?`,
    method: 'POST',
    isStream: true,
    hijack: true,
    openStdin: true,
    file: Buffer.alloc(0),
  };
  return new Promise((resolve, reject) => {
    client.modem.dial({ ...request, abortSignal, statusCodes, options }, (error: unknown, socket: unknown) => {
      if (error) reject(error);
      else resolve(socket as Duplex);
    });
  });
}

/** POST /containers/create of a container beside a service. Pure. Its input ends with the client's, its volumes are the service's, writable. */
export function besideOptions(
  container: ContainerSpec,
  volumes: readonly VolumeSpec[],
  options: ExecOptions,
): Dockerode.ContainerCreateOptions {
  const environment = { ...container.environment, ...options.environment };
  const user = options.user ?? container.user;
  const workingDir = options.workingDir ?? container.workingDir;
  const mounts = container.mounts.flatMap((mount): MountSpec[] => {
    if (mount.kind === 'volume') return mount.volume === null ? [] : [{ ...mount, readOnly: false }];
    return mount.kind === 'tmpfs' ? [mount] : [];
  });
  const [program = '', ...args] = options.command;
  return {
    Image: container.image,
    Entrypoint: [program],
    Cmd: args,
    Env: Object.entries(environment).map(([key, value]) => `${key}=${value}`),
    ...(user === null ? {} : { User: user }),
    ...(workingDir === null ? {} : { WorkingDir: workingDir }),
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    Tty: options.tty,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      Memory: MEMORY,
      MemorySwap: MEMORY,
      PidsLimit: 128,
      RestartPolicy: { Name: 'no' },
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ...mountOptions(mounts, volumes, {}, []),
    },
  };
}

function once(run: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= run();
    return done;
  };
}
