import { createServer } from 'node:net';

/** Whether an address is one of this machine's. Tried by listening: an interface without a peer, such as the bridge of an empty network, is not listed as up. */
export function isLocalAddress(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: address, port: 0 }, () => server.close(() => resolve(true)));
  });
}
