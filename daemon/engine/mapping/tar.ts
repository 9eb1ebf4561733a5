export interface TarFile {
  /** Relative path, up to 100 bytes; a folder on its way that is missing is made by the engine. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  readonly data: Buffer;
}

const BLOCK = 512;

/** A ustar archive of a few small files, owned by root (POSIX.1-1988 layout). */
export function tarOf(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap(file => [header(file), file.data, Buffer.alloc((BLOCK - (file.data.length % BLOCK)) % BLOCK)]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header({ name, mode, data }: TarFile): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`too long for a ustar name: ${name}`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, length: number): number =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1');
  block.write(name, 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(data.length, 124, 12);
  octal(0, 136, 12);
  block.write('        0', 148, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
