export interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** Longest frame that is believed; engines write at most 16 KiB log entries and 32 KiB attach chunks. */
const LONGEST = 16 * 1024 * 1024;

/**
 * Splits an engine's multiplexed stream into frames: eight bytes (stream, 0, 0, 0, length as uint32), then the data. Returns a
 * function that takes chunks as they come and gives the frames that are complete.
 */
export function createDemux(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    while (rest.length >= 8) {
      const length = rest.readUInt32BE(4);
      if ((rest[0] ?? 0) > 3 || length > LONGEST) throw new Error('not a multiplexed stream');
      if (rest.length < 8 + length) break;
      frames.push({ stream: rest[0] === 2 ? 'stderr' : 'stdout', data: rest.subarray(8, 8 + length) });
      rest = rest.subarray(8 + length);
    }
    return frames;
  };
}

/** The frames of a stream; with a TTY nothing is multiplexed and all of it is stdout. */
export async function* framesOf(stream: AsyncIterable<Buffer>, tty: boolean): AsyncGenerator<Frame> {
  const demux = createDemux();
  for await (const chunk of stream) {
    if (tty) yield { stream: 'stdout', data: chunk };
    else yield* demux(chunk);
  }
}
