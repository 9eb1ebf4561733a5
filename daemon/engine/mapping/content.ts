import { posix } from 'node:path';
import type { ContainerSpec, MountSpec } from '../../model/spec.js';
import { FailureError, failure } from '../../shared/failure.js';

interface TarFile {
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

type Content = Extract<MountSpec, { kind: 'content' }>;

/** An archive to unpack in a created container, before its start. */
interface Upload {
  readonly path: string;
  readonly archive: Buffer;
}

/**
 * Folders of `content` files that need a volume of their own: an engine does not write into a read-only root, and what it
 * writes below a tmpfs is hidden by it at the start. An anonymous volume takes the file in both cases and starts as a copy of
 * what the image has there.
 */
export function contentFolders(container: ContainerSpec): string[] {
  const folders = contents(container)
    .filter(each => needsVolume(each.target, container))
    .map(each => posix.dirname(each.target));
  if (folders.includes('/')) {
    throw new FailureError(
      failure('config-invalid', 'A secret or config directly under / cannot be put into a container with a read-only root', {}, [
        'Give it a target in a folder, such as /run/secrets/NAME',
      ]),
    );
  }
  return [...new Set(folders)];
}

/** The files of `content` mounts as archives: one for each folder with a volume, one for the rest. */
export function uploads(container: ContainerSpec): Upload[] {
  const byPath = new Map<string, TarFile[]>();
  for (const { target, text, mode } of contents(container)) {
    const path = needsVolume(target, container) ? posix.dirname(target) : '/';
    const files = byPath.get(path) ?? [];
    files.push({ name: posix.relative(path, target), mode, data: Buffer.from(text) });
    byPath.set(path, files);
  }
  return [...byPath].map(([path, files]) => ({ path, archive: tarOf(files) }));
}

function contents(container: ContainerSpec): Content[] {
  return container.mounts.filter(mount => mount.kind === 'content');
}

function needsVolume(target: string, container: ContainerSpec): boolean {
  const covered = (mount: MountSpec): boolean => mount.kind === 'tmpfs' && `${target}/`.startsWith(`${mount.target.replace(/\/$/, '')}/`);
  return container.readOnly || container.mounts.some(covered);
}
