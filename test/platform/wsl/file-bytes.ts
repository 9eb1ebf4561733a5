import fc from 'fast-check';

/** Bytes of any kind, and files of this text in each encoding that an editor of Windows writes. */
export function bytesOf(file: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map(each => Buffer.from(each)),
    file.map(text => Buffer.from(text, 'utf8')),
    file.map(text => Buffer.from(`\ufeff${text}`, 'utf8')),
    file.map(text => Buffer.from(`\ufeff${text}`, 'utf16le')),
    file.map(text => Buffer.from(text, 'latin1')),
  );
}
