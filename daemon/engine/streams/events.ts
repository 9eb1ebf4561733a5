import { StringDecoder } from 'node:string_decoder';
import { LABEL } from '../../model/labels.js';
import type { EngineEvent } from '../../model/observed.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineFailure } from '../client/engine-failure.js';
import { mapEvent, type RawEvent } from '../mapping/map-event.js';
import { reopened } from '../podman/podman-reopen.js';
import { completed } from '../podman/podman-watch.js';
import { ExecWatch, execEventOf } from './exec-watch.js';

/** Longest line that is kept while it is incomplete, in characters. */
const LONGEST = 1024 * 1024;

/** The JSON values of a stream with one a line; chunks may end anywhere. A line that is not JSON is left out. */
export async function* jsonLines<T>(stream: AsyncIterable<Buffer>): AsyncGenerator<T> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const pieces = (rest + decoder.write(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    if (rest.length > LONGEST) rest = '';
    for (const piece of pieces) {
      const value = parse(piece);
      if (value !== undefined) yield value as T;
    }
  }
  const last = parse(rest + decoder.end());
  if (last !== undefined) yield last as T;
}

function parse(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Events of the containers that carry our instance's label. `since` (ms since the epoch) replays what happened after it, up to
 * the 256 events that Docker keeps (docs/design/engine.md, "Events and calls"). Ends when `signal` is aborted; throws engine-unavailable when the stream ends by itself.
 */
export async function* readEvents(
  connection: EngineConnection,
  instance: string,
  signal: AbortSignal,
  since: Ms | null,
): AsyncGenerator<EngineEvent> {
  const { kind } = await connection.facts();
  const open = (from: Ms | null) => engineEvents(connection, instance, signal, from);
  yield* kind === 'podman' ? completed(connection, instance, reopened(open, signal, since)) : open(since);
  if (!signal.aborted)
    throw new FailureError(failure('engine-unavailable', 'The engine ended its stream of events', { endpoint: connection.url }));
}

async function* engineEvents(
  connection: EngineConnection,
  instance: string,
  signal: AbortSignal,
  since: Ms | null,
): AsyncGenerator<EngineEvent> {
  try {
    const stream = await connection.call('events', DEADLINE.quick, (client, late) =>
      client.getEvents({
        ...(since === null ? {} : { since: since / 1000 }),
        filters: JSON.stringify({ type: ['container'], label: [`${LABEL.instance}=${instance}`] }),
        abortSignal: AbortSignal.any([signal, late]),
      }),
    );
    const execs = new ExecWatch(connection);
    for await (const raw of jsonLines<RawEvent>(stream as AsyncIterable<Buffer>)) {
      const exec = execEventOf(raw);
      const event = exec === null ? mapEvent(raw) : await execs.engineEventOf(exec);
      if (event?.kind === 'destroyed') execs.forget(event.id);
      if (event) yield event;
    }
  } catch (error) {
    if (!signal.aborted) throw engineFailure(error, 'events');
  }
}
