import { type AddressInfo, createServer } from 'node:net';

/** A port of this machine that waits for one connection, whoever makes it. */
interface Expected {
  readonly port: number;
  /** Resolves when somebody has connected. */
  readonly arrived: Promise<void>;
  close(): void;
}

/** Listens on a free port of this address; rejects when it is not this machine's. */
export function expectConnection(address: string): Promise<Expected> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const arrived = new Promise<void>(done => {
      server.on('connection', socket => {
        socket.on('error', () => undefined);
        socket.end();
        done();
      });
    });
    server.once('error', reject);
    server.listen({ host: address, port: 0 }, () => {
      resolve({ port: (server.address() as AddressInfo).port, arrived, close: () => void server.close() });
    });
  });
}

/** Whether an address is one of this machine's. Tried by listening: an interface without a peer, such as the bridge of an empty network, is not listed as up. */
export function isLocalAddress(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: address, port: 0 }, () => server.close(() => resolve(true)));
  });
}
