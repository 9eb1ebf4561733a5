import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { setImmediate as breathe } from 'node:timers/promises';
import { type Pack, pack } from 'tar-stream';
import type { PinnedFile, PinnedFolder } from '../../path-gate/pinned.js';
import { entryOf } from './scan.js';

export interface ContextTar {
  readonly stream: Readable;
  /** Resolves when all was read and sent; rejects with what could not be read. */
  readonly finished: Promise<void>;
  /** What could not be read so far; null: nothing. */
  fault(): unknown;
}

/** Bytes that are read at once. */
const PIECE = 1024 * 1024;

/**
 * A tar of the given paths of a folder, and of files that are made up for it. Everything belongs to 0:0 in it, as with the engine's own client.
 * Each file is read once, at the length that it has when it is opened: what is appended since is left out, what is cut off since is zeros, what
 * has gone since is not there. Times are whole seconds.
 */
export function contextTar(context: PinnedFolder | null, paths: readonly string[], extra: Readonly<Record<string, string>>): ContextTar {
  const tar = pack();
  const stream = tar.pipe(new PassThrough());
  const written = write(tar, context, paths, extra);
  let fault: unknown = null;
  // Heard of by whoever awaits it; until then it must not count as unhandled.
  written.catch(error => {
    fault = error;
    stream.destroy(error);
  });
  stream.on('error', () => undefined);
  return { stream, finished: written, fault: () => fault };
}

async function write(
  tar: Pack,
  context: PinnedFolder | null,
  paths: readonly string[],
  extra: Readonly<Record<string, string>>,
): Promise<void> {
  const given = new Set(Object.keys(extra));
  try {
    for (const path of paths) if (context !== null && !given.has(path)) await writeOne(tar, context, path);
    for (const [name, text] of Object.entries(extra)) await added(tar, { name, mode: 0o644, mtime: new Date(0) }, Buffer.from(text));
    tar.finalize();
  } catch (error) {
    tar.destroy();
    throw error;
  }
}

async function writeOne(tar: Pack, context: PinnedFolder, path: string): Promise<void> {
  const now = context.entry(path);
  const entry = now && entryOf(now);
  if (!now || !entry) return;
  const header = { name: path, mode: entry.mode, mtime: new Date(Math.floor(entry.modified / 1000) * 1000), uid: 0, gid: 0 };
  if (entry.kind === 'folder')
    return added(tar, { ...header, mtime: new Date(Math.floor(now.stat.mtimeMs / 1000) * 1000), type: 'directory' });
  if (entry.kind === 'link') return added(tar, { ...header, type: 'symlink', linkname: entry.target });
  const file = context.open(path);
  if (file === null) return;
  try {
    await writeFile(tar, file, header);
  } finally {
    file.close();
  }
}

interface Header {
  readonly name: string;
  readonly mode: number;
  readonly mtime: Date;
}

async function writeFile(tar: Pack, file: PinnedFile, header: Header): Promise<void> {
  const { size } = file.stat;
  if (size <= PIECE) {
    const bytes = file.read(0, size);
    return added(tar, { ...header, type: 'file' }, bytes);
  }
  let sink: ReturnType<Pack['entry']> | null = null;
  const done = new Promise<void>((resolve, reject) => {
    sink = tar.entry({ ...header, type: 'file', size }, error => (error ? reject(error) : resolve()));
  });
  done.catch(() => undefined);
  await pour(sink, file, size, done);
  await done;
}

/** Exactly `size` bytes. */
async function pour(sink: ReturnType<Pack['entry']> | null, file: PinnedFile, size: number, done: Promise<void>): Promise<void> {
  if (sink === null) return;
  for (let at = 0; at < size; at += PIECE) {
    const length = Math.min(PIECE, size - at);
    const bytes = file.read(at, length);
    // Cut off since it was opened: its length has been said.
    const piece = bytes.length === length ? bytes : Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
    if (!sink.write(piece)) await Promise.race([once(sink, 'drain'), done]);
    await breathe();
  }
  sink.end(Buffer.alloc(0));
}

/** One that is written at once. Resolves when there is room for more. */
function added(tar: Pack, header: Parameters<Pack['entry']>[0], data?: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (data === undefined) tar.entry(header, done);
    else tar.entry(header, data, done);
  });
}
