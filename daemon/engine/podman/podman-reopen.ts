import type { EngineEvent } from '../../model/observed.js';
import type { Ms } from '../../shared/span.js';

/** So much is asked for again: events that several processes of Podman write at about the same time may be out of order. */
const OVERLAP: Ms = 2_000;
/** One that ends sooner, and has brought nothing new, ends for another reason. */
const SHORTEST: Ms = 1_000;
/** Events whose keys are kept, beyond those of the overlap. */
const KEPT = 1_000;

/**
 * Podman ends a stream of events that was asked for since a time whenever it rotates the file that it keeps events in, each 1 MB (seen in
 * 4.3: it follows the new file only where no time was given, and then tells half of what is in it again). The engine is not away then: the
 * stream is opened again from where it ended, and nothing is delivered twice. Ends when the signal is aborted, or when that does not help.
 */
export async function* reopened(
  open: (since: Ms | null) => AsyncIterable<EngineEvent>,
  signal: AbortSignal,
  first: Ms | null,
): AsyncGenerator<EngineEvent> {
  let delivered = new Map<string, Ms>();
  let newest: Ms | null = null;
  for (;;) {
    const opened: Ms = Date.now();
    let isNews = false;
    for await (const event of open(newest === null ? first : newest - OVERLAP)) {
      const key = `${event.kind} ${event.id} ${event.at}`;
      if (delivered.has(key)) continue;
      isNews = true;
      newest = Math.max(newest ?? 0, event.at);
      delivered.set(key, event.at);
      if (delivered.size > KEPT) delivered = since(delivered, newest - OVERLAP);
      yield event;
    }
    if (signal.aborted || !(isNews || Date.now() - opened >= SHORTEST)) return;
    newest ??= opened;
  }
}

function since(delivered: ReadonlyMap<string, Ms>, from: Ms): Map<string, Ms> {
  return new Map([...delivered].filter(([, at]) => at >= from));
}
