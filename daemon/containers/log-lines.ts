import { StringDecoder } from 'node:string_decoder';
import type { LogLine } from '../ports.js';
import type { Frame } from './demux.js';

/** A line that never ends is cut here, in characters. */
const LONGEST = 64 * 1024;
const STAMP = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) ?/;

interface Open {
  text: string;
  at: number;
  readonly decoder: StringDecoder;
}

/** Joins frames of a log read with timestamps=1 to lines. Engines cut long lines in parts of 16 KiB, each with a time stamp of its own. */
export function createLineReader(): { push(frame: Frame): LogLine[]; flush(): LogLine[] } {
  const fresh = (): Open => ({ text: '', at: 0, decoder: new StringDecoder('utf8') });
  const open: Record<Frame['stream'], Open> = { stdout: fresh(), stderr: fresh() };
  const take = (stream: Frame['stream']): LogLine => {
    const line = open[stream];
    const done: LogLine = { stream, at: line.at, text: line.text.replace(/\r$/, '') };
    line.text = '';
    line.at = 0;
    return done;
  };
  const push = ({ stream, data }: Frame): LogLine[] => {
    const lines: LogLine[] = [];
    const line = open[stream];
    const pieces = line.decoder.write(data).split('\n');
    pieces.forEach((piece, index) => {
      const stamp = STAMP.exec(piece);
      if (stamp && line.at === 0) line.at = Date.parse(stamp[1] ?? '');
      line.text += stamp ? piece.slice(stamp[0].length) : piece;
      if (index < pieces.length - 1 || line.text.length > LONGEST) lines.push(take(stream));
    });
    return lines;
  };
  const flush = (): LogLine[] => (['stdout', 'stderr'] as const).filter(stream => open[stream].text !== '').map(take);
  return { push, flush };
}
