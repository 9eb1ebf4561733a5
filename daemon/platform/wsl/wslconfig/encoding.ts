/**
 * A `.wslconfig` decoded to text that can be encoded again without loss. UTF-8 is read a byte a letter: the parser only knows ASCII
 * signs, and what is no UTF-8 survives an edit as it is. Windows opens the file as UTF-8 and obeys a byte order mark (fopen, ccs=UTF-8).
 */
export interface DecodedText {
  readonly text: string;
  readonly encoding: 'utf-8' | 'utf-8 with BOM' | 'utf-16le';
  /** A fault of the file as a whole; null without one. With `fatal` Windows does not read the file as it was meant, and it is not edited. */
  readonly fault: { readonly message: string; readonly fatal: boolean } | null;
  /** The bytes of another text in the same encoding. */
  encode(text: string): Buffer;
  /** A part of the text for display. */
  show(part: string): string;
}

const BOM_8 = Buffer.from([0xef, 0xbb, 0xbf]);
const BOM_16 = Buffer.from([0xff, 0xfe]);

export function decodeText(bytes: Buffer): DecodedText {
  if (bytes.subarray(0, 2).equals(BOM_16)) return wide(bytes);
  const marked = bytes.subarray(0, 3).equals(BOM_8);
  const body = marked ? bytes.subarray(3) : bytes;
  return {
    text: body.toString('latin1'),
    encoding: marked ? 'utf-8 with BOM' : 'utf-8',
    fault: faultOf(bytes, body, marked),
    encode: text => Buffer.concat([...(marked ? [BOM_8] : []), Buffer.from(text, 'latin1')]),
    show: part => Buffer.from(part, 'latin1').toString('utf8'),
  };
}

function wide(bytes: Buffer): DecodedText {
  const even = bytes.length - (bytes.length % 2);
  const tail = bytes.subarray(even);
  return {
    text: bytes.toString('utf16le', 2, even),
    encoding: 'utf-16le',
    fault: { message: 'The file is UTF-16: WSL reads it, many other programs do not. Save it as UTF-8 without a mark.', fatal: false },
    encode: text => Buffer.concat([BOM_16, Buffer.from(text, 'utf16le'), tail]),
    show: part => part,
  };
}

function faultOf(bytes: Buffer, body: Buffer, marked: boolean): DecodedText['fault'] {
  const fatal = (message: string) => ({ message: `${message} Save it as UTF-8 without a mark.`, fatal: true });
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return fatal('The file is UTF-16 with the high byte first, which WSL cannot read.');
  if (body.includes(0)) return fatal('The file has NUL bytes: it is UTF-16 without its mark, or no text.');
  if (!body.equals(Buffer.from(body.toString('utf8'), 'utf8'))) {
    return { message: 'The file has bytes that are no UTF-8, as older editors write: WSL may stop reading at them.', fatal: false };
  }
  return marked ? { message: 'The file starts with a byte order mark: WSL skips it, other programs may not.', fatal: false } : null;
}
