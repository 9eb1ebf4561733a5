import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import type { ExecOptions, ExecSession } from '../../ports/ports.js';
import { FailureError } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE, within } from '../client/deadline.js';
import { framesOf } from '../client/demux.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { hangUp } from './hang-up.js';

/** Ids of own commands that are kept; far more than run at a time. */
const OWN_KEPT = 1_000;

interface Started {
  readonly exec: Dockerode.Exec;
  readonly socket: Duplex;
}

/** Runs a command in a container with its streams attached. */
export async function openExecSession(connection: EngineConnection, id: string, options: ExecOptions): Promise<ExecSession> {
  const { exec, socket } = await start(connection, id, options, true);
  return {
    write: data => void socket.write(data),
    end: () => void socket.end(),
    resize: async (columns, rows) => {
      await within('resize', DEADLINE.quick, abortSignal => exec.resize({ w: columns, h: rows, abortSignal })).catch(unlessAnswered);
    },
    output: framesOf(socket, options.tty),
    exitCode: () => exitCode(exec, DEADLINE.quick),
    close: () => {
      socket.destroy();
      void hangUp(connection, id, exec, 'HUP');
    },
  };
}

/**
 * A command that is over already has no size (404, 409 or 500, as the moment is), and what it wrote is still to be told. Podman answers a resize with 201,
 * which dockerode takes for an error.
 */
function unlessAnswered(error: unknown): void {
  if (engineStatusOf(error) === null) throw error;
}

/** Exit code that stands for "took too long", as timeout(1) has it. */
const TIMED_OUT = 124;

/** Runs a command to its end and discards its output. Past `timeout` the command is killed and counts as 124. */
export async function runProbe(connection: EngineConnection, id: string, command: readonly string[], timeout: Ms): Promise<number> {
  const plain = { command, tty: false, user: null, workingDir: null, environment: {} };
  const starting = start(connection, id, plain, false);
  try {
    return await within('probe', timeout, async () => {
      const { exec, socket } = await starting;
      await drained(socket);
      return exitCode(exec, timeout);
    });
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== 'engine-timeout') throw error;
    // Also one that only starts after its time is over: nobody would ever end it.
    void starting.then(
      late => {
        late.socket.destroy();
        return hangUp(connection, id, late.exec, 'KILL');
      },
      () => undefined,
    );
    return TIMED_OUT;
  }
}

async function start(connection: EngineConnection, id: string, options: ExecOptions, stdin: boolean): Promise<Started> {
  const what = `exec ${options.command[0] ?? ''} in ${id.slice(0, 12)}`;
  const exec = await connection.call(what, DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).exec({
      Cmd: [...options.command],
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: options.tty,
      ...(options.user === null ? {} : { User: options.user }),
      ...(options.workingDir === null ? {} : { WorkingDir: options.workingDir }),
      Env: Object.entries(options.environment).map(([key, value]) => `${key}=${value}`),
      abortSignal,
    }),
  );
  ownExec(connection, exec.id);
  const socket = await within(what, DEADLINE.quick, abortSignal => exec.start({ hijack: true, stdin, Tty: options.tty, abortSignal }));
  return { exec, socket };
}

/** Known before it starts, so that its events are known for ours. */
export function ownExec({ execs }: Pick<EngineConnection, 'execs'>, exec: string): void {
  execs.add(exec);
  // Its end was not told of: nobody listens, or Podman, whose events do not name it.
  const [oldest] = execs;
  if (execs.size > OWN_KEPT && oldest !== undefined) execs.delete(oldest);
}

async function drained(socket: Duplex): Promise<void> {
  // Discarded as it comes: a chatty probe costs no memory.
  for await (const _chunk of socket);
}

/** The output can end a few milliseconds before the engine knows the exit code. */
async function exitCode(exec: Dockerode.Exec, limit: Ms): Promise<number> {
  return within('exit code', limit, async abortSignal => {
    for (let pause = 2; ; pause = Math.min(pause * 2, 100)) {
      const { Running, ExitCode } = await exec.inspect({ abortSignal });
      if (!Running && ExitCode !== null) return ExitCode;
      await new Promise(resolve => setTimeout(resolve, pause));
    }
  });
}
