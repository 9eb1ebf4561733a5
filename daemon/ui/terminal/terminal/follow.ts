import type { StreamFrame } from '../../../api/live.js';
import { type Failure, failure } from '../../../shared/failure.js';
import { toFailure } from '../../../shared/to-failure.js';
import type { Backend } from './backend.js';

/** First and longest pause before the daemon is tried again, ms. A daemon that is started anew is back on the screen within the longest. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 2_000;

const ENDED = failure('daemon-unavailable', 'The daemon has ended.');

export interface Follower {
  frame(frame: StreamFrame): void;
  /** Once each time when the daemon goes, or is found missing; not for each attempt that fails. */
  lost(failure: Failure): void;
}

/** Follows the stream, and tries again when it ends, until the signal aborts. Resolves then. */
export async function followStream(backend: Pick<Backend, 'stream'>, follower: Follower, signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE;
  let reported: string | null = null;
  while (!signal.aborted) {
    const ended = await once(backend, signal, frame => {
      pause = FIRST_PAUSE;
      reported = null;
      follower.frame(frame);
    });
    if (signal.aborted) return;
    if (ended.message !== reported) follower.lost(ended);
    reported = ended.message;
    await wait(pause, signal);
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  }
}

/** One connection; resolves to why it ended. What the listener throws is a bug, and is thrown. */
async function once(backend: Pick<Backend, 'stream'>, signal: AbortSignal, each: (frame: StreamFrame) => void): Promise<Failure> {
  const frames = backend.stream(signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextOf(frames);
      if ('failure' in next) return next.failure;
      if (signal.aborted) return ENDED;
      each(next.frame);
    }
  } finally {
    await frames.return?.().catch(() => undefined);
  }
}

async function nextOf(frames: AsyncIterator<StreamFrame>): Promise<{ frame: StreamFrame } | { failure: Failure }> {
  try {
    const { done, value } = await frames.next();
    return done ? { failure: ENDED } : { frame: value };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
