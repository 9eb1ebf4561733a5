import type { Socket } from 'node:net';
import type { ByteStream, ByteStreamEvents, OpenByteStream } from './stream.js';

/**
 * A byte stream that reads into one reused buffer and writes at the socket's handle, without streams in between: per message one read, one
 * write and no garbage, as an event loop in C does it. Node has no public way to do this for accepted connections, so its
 * internals are used here and nowhere else; choose-stream lets this one prove itself once, and takes the public one if it fails.
 */
interface Request {
  oncomplete: (status: number) => void;
  /** Keeps the memory alive while it is written. */
  buffer: Buffer | null;
}
interface Handle {
  onread: () => Buffer | undefined;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Buffer): void;
  writeBuffer(request: Request, chunk: Buffer): number;
}
interface Binding {
  readonly WriteWrap: new () => Request;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
  /** What the last call at a handle left: counters by the indexes above. */
  readonly streamBaseState: Int32Array;
}

/** It starts with a small buffer, enough for messages; a full one is the sign of a bulk transfer, which gets a large one. */
const SMALL = 16 * 1024;
const LARGE = 128 * 1024;
/** libuv's UV_EOF, the same number on every system. */
const EOF = -4095;

const METHODS = ['readStart', 'readStop', 'useUserBuffer', 'writeBuffer'] as const;

/** Null: this Node does not have, or does not give, what the raw stream needs. */
export function rawStream(binding: unknown = findBinding()): OpenByteStream | null {
  if (!isBinding(binding)) return null;
  return (socket, events) => new RawStream(socket, handleOf(socket), events, binding);
}

function findBinding(): unknown {
  try {
    const find: unknown = Reflect.get(process, 'binding');
    return typeof find === 'function' ? Reflect.apply(find, process, ['stream_wrap']) : null;
  } catch {
    return null; // the permission model refuses it
  }
}

function isBinding(value: unknown): value is Binding {
  if (typeof value !== 'object' || value === null) return false;
  const it = value as Partial<Record<keyof Binding, unknown>>;
  return (
    typeof it.WriteWrap === 'function' &&
    typeof it.kReadBytesOrError === 'number' &&
    typeof it.kLastWriteWasAsync === 'number' &&
    it.streamBaseState instanceof Int32Array
  );
}

function handleOf(socket: Socket): Handle {
  const handle: unknown = Reflect.get(socket, '_handle');
  const isHandle = typeof handle === 'object' && handle !== null && METHODS.every(name => typeof Reflect.get(handle, name) === 'function');
  if (!isHandle) throw new Error('the socket has no handle');
  return handle as Handle;
}

class RawStream implements ByteStream {
  readonly #socket: Socket;
  readonly #handle: Handle;
  readonly #events: ByteStreamEvents;
  readonly #binding: Binding;
  readonly #state: Int32Array;
  readonly #readIndex: number;
  readonly #asyncIndex: number;
  #buffer = Buffer.allocUnsafeSlow(SMALL);
  /** Bound to a write only when that write has to wait, so one serves until then. */
  #request: Request;
  #isOver = false;

  constructor(socket: Socket, handle: Handle, events: ByteStreamEvents, binding: Binding) {
    this.#socket = socket;
    this.#handle = handle;
    this.#events = events;
    this.#binding = binding;
    this.#state = binding.streamBaseState;
    this.#readIndex = binding.kReadBytesOrError;
    this.#asyncIndex = binding.kLastWriteWasAsync;
    this.#request = this.#newRequest();
    handle.useUserBuffer(this.#buffer);
    handle.onread = () => this.#onRead();
    socket.on('error', () => this.#fail());
  }

  read(): void {
    if (!this.#isOver) this.#handle.readStart();
  }

  pause(): void {
    if (!this.#isOver) this.#handle.readStop();
  }

  write(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    const error = this.#handle.writeBuffer(this.#request, chunk);
    if (error !== 0) {
      this.#fail();
      return true;
    }
    if (this.#state[this.#asyncIndex] === 0) return true;
    this.#request.buffer = chunk;
    this.#request = this.#newRequest();
    return false;
  }

  end(then: () => void): void {
    this.#socket.end(then);
  }

  reset(): void {
    this.#isOver = true;
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#isOver = true;
    this.#socket.destroy();
  }

  /** Called by the handle; the buffer that it returns, if any, is read into from now on. */
  #onRead(): Buffer | undefined {
    if (this.#isOver) return undefined;
    const count = this.#state[this.#readIndex] ?? 0;
    if (count > 0) {
      const buffer = this.#buffer;
      this.#events.chunk(count === buffer.length ? buffer : buffer.subarray(0, count));
      if (count < buffer.length || count === LARGE) return undefined;
      this.#buffer = Buffer.allocUnsafeSlow(LARGE);
      return this.#buffer;
    }
    if (count === 0) return undefined;
    this.#handle.readStop();
    if (count === EOF) this.#events.end();
    else this.#fail();
    return undefined;
  }

  #newRequest(): Request {
    const request = new this.#binding.WriteWrap();
    request.buffer = null;
    request.oncomplete = status => {
      request.buffer = null;
      if (this.#isOver) return;
      if (status === 0) this.#events.drained();
      else this.#fail();
    };
    return request;
  }

  #fail(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.destroy();
    this.#events.gone();
  }
}
