import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Log } from '../ports/ports.js';
import { rawStream } from './raw-stream.js';
import { type ByteStream, type OpenByteStream, openByteStream } from './stream.js';

/** How long the proof may take before the raw stream counts as broken, ms; it takes about 10. */
const PATIENCE = 2000;
const SAMPLE = 1024 * 1024;

/** The raw stream where it proves itself, else the one built on public streams. */
export async function chooseStream(log: Log, raw: OpenByteStream | null = rawStream()): Promise<OpenByteStream> {
  if (raw && (await provesItself(raw))) return raw;
  log.warn({ node: process.version }, 'connections are carried by public streams: the direct way does not work with this Node');
  return openByteStream;
}

/** Sends 1 MiB over loopback through two such streams, echoed, each end closed by FIN, and compares what comes back. */
export async function provesItself(open: OpenByteStream): Promise<boolean> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  const sockets: Socket[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const accepted = once(server, 'connection');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    near.pause();
    sockets.push(near);
    const [[far]] = (await Promise.all([accepted, once(near, 'connect')])) as [[Socket], unknown];
    sockets.push(far);
    const late = new Promise<boolean>(resolve => {
      timer = setTimeout(resolve, PATIENCE, false);
    });
    return await Promise.race([echoes(open, near, far), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function echoes(open: OpenByteStream, near: Socket, far: Socket): Promise<boolean> {
  const sample = Buffer.alloc(SAMPLE, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
  const sum = createHash('sha256');
  return new Promise(resolve => {
    const no = (): void => resolve(false);
    const echo: ByteStream = open(far, {
      chunk: chunk => void (echo.write(chunk) || echo.pause()),
      drained: () => echo.read(),
      end: () => echo.end(() => undefined),
      gone: no,
    });
    const source: ByteStream = open(near, {
      chunk: chunk => void sum.update(chunk),
      drained: () => source.end(() => undefined),
      end: () => resolve(sum.digest('hex') === createHash('sha256').update(sample).digest('hex')),
      gone: no,
    });
    echo.read();
    source.read();
    if (source.write(sample)) source.end(() => undefined);
  });
}
