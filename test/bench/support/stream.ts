import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { StreamFrame } from '../../../daemon/api/live.js';

export interface Seen {
  readonly deltas: number;
  /** Services with figures. */
  readonly measured: number;
  /** ms. */
  readonly elapsed: number;
}

/** A client of /v1/stream that counts what it is told. */
export async function watchStream(socket: string, every: string): Promise<{ close(): Promise<Seen> }> {
  const client = new WebSocket(`ws+unix://${socket}:/v1/stream?every=${every}`, {
    headers: { host: 'laptop-dev' },
    perMessageDeflate: false,
  });
  const begin = performance.now();
  const measured = new Set<string>();
  let deltas = 0;
  client.on('message', data => {
    const frame = JSON.parse(String(data)) as StreamFrame;
    if (frame.type !== 'snapshot' && frame.type !== 'delta') return;
    if (frame.type === 'delta') deltas++;
    for (const { id, usage } of frame.live.services ?? []) if (usage) measured.add(id);
  });
  await once(client, 'open');
  return {
    close: async () => {
      client.close();
      await once(client, 'close');
      return { deltas, measured: measured.size, elapsed: performance.now() - begin };
    },
  };
}
