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
 * stream is opened again from where it ended, and nothing is told twice. Ends when the signal is aborted, or when that does not help.
 */
export async function* reopened(
  open: (since: Ms | null) => AsyncIterable<EngineEvent>,
  signal: AbortSignal,
  first: Ms | null,
): AsyncGenerator<EngineEvent> {
  let told = new Map<string, Ms>();
  let newest: Ms | null = null;
  for (;;) {
    const opened: Ms = Date.now();
    let isNews = false;
    for await (const event of open(newest === null ? first : newest - OVERLAP)) {
      const key = `${event.kind} ${event.id} ${event.at}`;
      if (told.has(key)) continue;
      isNews = true;
      newest = Math.max(newest ?? 0, event.at);
      told.set(key, event.at);
      if (told.size > KEPT) told = since(told, newest - OVERLAP);
      yield event;
    }
    if (signal.aborted || !(isNews || Date.now() - opened >= SHORTEST)) return;
    newest ??= opened;
  }
}

function since(told: ReadonlyMap<string, Ms>, from: Ms): Map<string, Ms> {
  return new Map([...told].filter(([, at]) => at >= from));
}
