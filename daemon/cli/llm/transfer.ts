import { FailureError, failure } from '../../shared/failure.js';
import type { Manage, ReadyLine } from './manage.js';
import type { ModelSource } from './source.js';

export interface TransferOptions {
  /** The checksum that was given. */
  readonly sha256: string | null;
  readonly replace: boolean;
  readonly name: string;
  /** Ctrl-C. */
  readonly cancelled: AbortSignal;
  /** It begins at so many bytes. */
  readonly onBegin: (from: number) => void;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Sends a model to the receiver, from where an earlier part ends, and resolves to the receiver's answer. Nothing is sent when the same content
 * is there. Throws FailureError: the source's, the receiver's, name-taken, or cancelled.
 */
export async function transfer(manage: Manage, source: ModelSource, options: TransferOptions): Promise<unknown> {
  const { cancelled } = options;
  const stop = new AbortController();
  const halt = () => stop.abort();
  manage.done.then(halt, halt);
  cancelled.addEventListener('abort', halt);
  let at = 0;
  manage.onAck = bytes => {
    at = bytes;
    options.onBytes(bytes);
  };
  try {
    const ready = await Promise.race([manage.ready, manage.done.then(neverReady)]);
    const from = await whereFrom(ready, source, options);
    if (from === null) manage.say({ from: null });
    else await send(manage, source, from, options, stop.signal);
    manage.end();
    return await manage.done;
  } catch (error) {
    if (cancelled.aborted) throw new FailureError(stoppedAt(at, options.name));
    if (stop.signal.aborted) await manage.done;
    throw error;
  } finally {
    cancelled.removeEventListener('abort', halt);
  }
}

function neverReady(): never {
  throw new FailureError(failure('internal', 'The receiver of models ended before it began.'));
}

async function send(
  manage: Manage,
  source: ModelSource,
  from: number,
  { sha256, onBegin }: TransferOptions,
  signal: AbortSignal,
): Promise<void> {
  manage.begin(from);
  onBegin(from);
  for await (const chunk of source.read(from, signal)) {
    await manage.send(chunk);
    signal.throwIfAborted();
  }
  manage.say({ sha256: sha256 ?? source.sum() });
}

/** The byte to begin with; null: the same is there already. Throws FailureError name-taken when something else is. */
async function whereFrom(
  { there, part }: ReadyLine,
  source: ModelSource,
  { sha256, replace, name }: TransferOptions,
): Promise<number | null> {
  if (there && there.bytes === source.bytes && there.sha256 === (await source.hashOf(source.bytes)) && there.sha256 !== null) return null;
  if (there && there.bytes === source.bytes && there.sha256 !== null && there.sha256 === sha256) return null;
  if (there && !replace) {
    throw new FailureError(
      failure('name-taken', `There is already a model ${name}, and it may differ from this one.`, { name, ...there }, [
        '--replace replaces it; --name stores this one under another name.',
        '--sha256 with the checksum of this one compares them.',
      ]),
    );
  }
  if (!part || part.of !== source.of) return 0;
  const known = await source.hashOf(part.bytes);
  return known === null || known === part.sha256 ? part.bytes : 0;
}

function stoppedAt(at: number, name: string) {
  return failure('cancelled', `Stopped; ${at} bytes of ${name} are kept.`, { at }, [
    'The same command resumes from there.',
    `laptop-dev llm models rm ${name} removes what was copied.`,
  ]);
}
