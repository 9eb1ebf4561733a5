import type { StreamFrame } from '../../api/live.js';
import { call, Refused } from './session.js';
import { applyFrame, type Snapshot } from './snapshot.js';

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
/** Nothing for so long and the connection counts as lost, ms: the daemon says something each 10 s. */
const SILENCE = 35_000;

/** A daemon that says nothing for so long counts as gone, ms. */
const ANSWERS_WITHIN = 3_000;

/** What the page hears. */
export interface StreamReader {
  shown(snapshot: Snapshot): void;
  /** The stream is gone; it is tried again. `answers`: the daemon is there all the same, and may have no room for another page. */
  lost(answers: boolean): void;
  /** The daemon does not know this session any more. */
  ended(): void;
}

/** Follows the stream with this session and begins anew when it breaks, until the session has ended or `close` is called. */
export function follow(token: string, reader: StreamReader): () => void {
  let pause = FIRST_PAUSE;
  let closed = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  let socket: WebSocket | null = null;

  const open = () => {
    socket = watch(token, snapshot => {
      pause = FIRST_PAUSE;
      reader.shown(snapshot);
    });
    socket.addEventListener('close', () => void retry());
  };
  const retry = async () => {
    if (closed) return;
    // A WebSocket is not told why it was refused.
    const found = await call(token, '/v1/version', undefined, AbortSignal.timeout(ANSWERS_WITHIN)).then(
      () => 'answers',
      error => (error instanceof Refused ? error.failure.code : 'silent'),
    );
    if (closed) return;
    if (found === 'unauthorized') {
      reader.ended();
      return;
    }
    reader.lost(found === 'answers');
    again = setTimeout(open, pause);
    pause = Math.min(LONGEST_PAUSE, pause * 2);
  };
  open();
  return () => {
    closed = true;
    clearTimeout(again);
    socket?.close();
  };
}

function watch(token: string, shown: (snapshot: Snapshot) => void): WebSocket {
  const socket = new WebSocket(`ws://${location.host}/v1/stream`, ['laptop-dev', token]);
  let snapshot: Snapshot | null = null;
  let silence: ReturnType<typeof setTimeout> | undefined;
  socket.addEventListener('message', ({ data }) => {
    clearTimeout(silence);
    silence = setTimeout(() => socket.close(), SILENCE);
    const frame: StreamFrame = JSON.parse(String(data));
    snapshot = applyFrame(snapshot, frame);
    if (snapshot) shown(snapshot);
    else socket.close();
  });
  socket.addEventListener('close', () => clearTimeout(silence));
  return socket;
}
