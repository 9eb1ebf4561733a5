import { StringDecoder } from 'node:string_decoder';
import type { LogLine } from '../../ports/ports.js';
import type { Frame } from '../client/demux.js';

/** A line that never ends is cut here, in characters. */
const LONGEST = 64 * 1024;
const STAMP = /^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) ?/;
/** A stamp with its blank is at most this long, bytes. */
const STAMP_BYTES = 36;
/**
 * Engines cut a long line in parts, each with a stamp of its own: Docker of 16 KiB (moby/daemon/logger/copier.go), conmon of 8. With a TTY nothing
 * but the count of bytes tells where a part begins.
 */
const PART = 8 * 1024;
const NEWLINE = 0x0a;

interface Open {
  text: string;
  at: number;
  decoder: StringDecoder;
  /** Bytes of the part that is being read. */
  part: number;
  /** Whether a stamp may come next. */
  stampDue: boolean;
  /** Bytes in which a stamp may have begun. */
  rest: Buffer;
}

/**
 * Joins frames of a log read with timestamps=1 to lines. `tty`: they are chunks of a stream that nothing divides, cut anywhere. Stamps are taken
 * out of the bytes, since a part may end inside of a letter.
 */
export function createLineReader(tty = false): { push(frame: Frame): LogLine[]; flush(): LogLine[] } {
  const open: Record<Frame['stream'], Open> = { stdout: fresh(), stderr: fresh() };
  const push = ({ stream, data }: Frame): LogLine[] => {
    const line = open[stream];
    if (!tty) line.stampDue = true;
    return read(line, stream, line.rest.length === 0 ? data : Buffer.concat([line.rest, data]), tty, false);
  };
  const flush = (): LogLine[] =>
    (['stdout', 'stderr'] as const).flatMap(stream => {
      const line = open[stream];
      const lines = read(line, stream, line.rest, tty, true);
      return line.text === '' ? lines : [...lines, take(line, stream)];
    });
  return { push, flush };
}

function fresh(): Open {
  return { text: '', at: 0, decoder: new StringDecoder('utf8'), part: 0, stampDue: true, rest: Buffer.alloc(0) };
}

function take(line: Open, stream: Frame['stream']): LogLine {
  const done: LogLine = { stream, at: line.at, text: line.text.replace(/\r$/, '') };
  line.text = '';
  line.at = 0;
  return done;
}

function read(line: Open, stream: Frame['stream'], bytes: Buffer, tty: boolean, isLast: boolean): LogLine[] {
  const lines: LogLine[] = [];
  line.rest = Buffer.alloc(0);
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline < 0 ? bytes.length : newline;
    if (line.stampDue) {
      if (tty && !isLast && newline < 0 && end - from < STAMP_BYTES) {
        line.rest = bytes.subarray(from);
        return lines;
      }
      from += stampAt(line, bytes, from, end);
      line.stampDue = false;
      line.part = 0;
    }
    const to = tty ? Math.min(end, from + PART - line.part) : end;
    line.text += line.decoder.write(bytes.subarray(from, to));
    line.part += to - from;
    from = to;
    if (to === newline) {
      line.text += line.decoder.end();
      lines.push(take(line, stream));
      line.stampDue = true;
      from += 1;
    } else {
      if (tty && line.part >= PART) line.stampDue = true;
      if (line.text.length > LONGEST) lines.push(take(line, stream));
    }
  }
  return lines;
}

/** Length of the stamp that begins here. The first one is the line's time. */
function stampAt(line: Open, bytes: Buffer, from: number, end: number): number {
  const stamp = STAMP.exec(bytes.toString('latin1', from, Math.min(end, from + STAMP_BYTES)));
  if (!stamp) return 0;
  if (line.at === 0) line.at = Date.parse(stamp[1] ?? '');
  return stamp[0].length;
}
