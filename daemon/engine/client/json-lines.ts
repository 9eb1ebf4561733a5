import { StringDecoder } from 'node:string_decoder';

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
