import type { LogLine, LogOptions } from '../../ports/ports.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE, within } from '../client/deadline.js';
import { framesOf } from '../client/demux.js';
import { engineFailure } from '../client/engine-failure.js';
import type { Inspected } from '../mapping/map-inspect.js';
import { followEnd } from './follow-end.js';
import { createLineReader } from './log-lines.js';

/**
 * A container's output, oldest first. Always read as a stream (dockerode reads a log that it does not follow into memory as a
 * whole). Ends when the signal is aborted or, followed, when the container ends.
 */
export async function* readLogs(connection: EngineConnection, id: string, options: LogOptions): AsyncGenerator<LogLine> {
  const what = `logs of ${id.slice(0, 12)}`;
  const inspected: Inspected = await connection.call(what, DEADLINE.quick, (client, abortSignal) =>
    client.getContainer(id).inspect({ abortSignal }),
  );
  const tty = inspected.Config?.Tty ?? false;
  const lines = createLineReader(tty);
  const ending = new AbortController();
  const end = options.follow ? await followEnd(connection, id, () => ending.abort()) : null;
  try {
    const stream = await within(what, DEADLINE.quick, signal =>
      connection.raw<NodeJS.ReadableStream & AsyncIterable<Buffer>>({
        method: 'GET',
        path: `/containers/${encodeURIComponent(id)}/logs?`,
        query: query(options),
        stream: true,
        signal: AbortSignal.any([signal, options.signal, ending.signal]),
      }),
    );
    for await (const frame of framesOf(stream, tty)) {
      end?.touch();
      for (const line of recent(lines.push(frame), options.since)) {
        if (options.signal.aborted) return;
        yield line;
      }
    }
    yield* recent(lines.flush(), options.since);
  } catch (error) {
    if (end?.isOver) yield* recent(lines.flush(), options.since);
    else if (!options.signal.aborted) throw engineFailure(error, what);
  } finally {
    end?.stop();
  }
}

/** Engines take `since` in seconds and some round it down: what is older is left out here. Podman stamps whole seconds only. */
function recent(lines: LogLine[], since: number | null): LogLine[] {
  return since === null ? lines : lines.filter(({ at }) => at >= (at % 1000 === 0 ? Math.floor(since / 1000) * 1000 : since));
}

function query({ follow, since, tail }: LogOptions): Record<string, unknown> {
  return {
    stdout: true,
    stderr: true,
    timestamps: true,
    follow,
    ...(since === null ? {} : { since: (since / 1000).toFixed(3) }),
    tail: tail === null ? 'all' : String(tail),
  };
}
