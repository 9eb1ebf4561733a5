import type { Socket } from 'node:net';

/** What a byte stream tells its owner. */
export interface ByteStreamEvents {
  /** The memory of `chunk` is used again after the call: copy what is to be kept. */
  chunk(chunk: Buffer): void;
  /** The other side has sent its last byte (FIN). */
  end(): void;
  /** Reset or failed; the stream is closed. Told once. */
  gone(): void;
  /** What write() still held has been written. */
  drained(): void;
}

/** One end of a connection, as little as a splice needs. Starts paused; FIN in one direction leaves the other open. */
export interface ByteStream {
  read(): void;
  pause(): void;
  /** False: the chunk's memory is in use until `drained`; its reader is to pause and nothing else may be written. */
  write(chunk: Buffer): boolean;
  /** FIN after what is being written; `then` is called when it is sent. */
  end(then: () => void): void;
  /** RST: the other side learns that its peer was cut off. */
  reset(): void;
  destroy(): void;
}

/** Takes a connected socket that nobody has read from (pauseOnConnect, or paused before it connected). */
export type OpenByteStream = (socket: Socket, events: ByteStreamEvents) => ByteStream;

/** Built on public streams: works with any Node. About 1.25 × the CPU time per message of the raw stream. */
export const openByteStream: OpenByteStream = (socket, events) => {
  let isOver = false;
  const gone = (): void => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    events.gone();
  };
  socket.on('data', chunk => events.chunk(chunk));
  socket.on('end', () => events.end());
  socket.on('drain', () => events.drained());
  socket.on('error', gone);
  socket.on('close', gone);
  socket.pause();
  return {
    read: () => void socket.resume(),
    pause: () => void socket.pause(),
    write: chunk => socket.write(chunk),
    end: then => void socket.end(then),
    reset: () => {
      isOver = true;
      socket.resetAndDestroy();
    },
    destroy: () => {
      isOver = true;
      socket.destroy();
    },
  };
};
