import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import type { Home } from './home.js';
import { until } from './until.js';

export interface StreamLoad {
  /** RSS of the daemon in bytes: before the first client, and the most while they were there. */
  readonly before: number;
  readonly most: number;
  /** Deltas by client, without the one that does not read. */
  readonly deltas: readonly number[];
  /** Frames whose number was not the next. */
  readonly gaps: number;
  /** From when a message was made to when a client has it, ms; its clock has whole ms, so that each is up to 1 ms too long. */
  readonly latencies: readonly number[];
  /** Close codes of those that the daemon let go. */
  readonly closed: readonly number[];
}

interface Counted {
  readonly socket: WebSocket;
  deltas: number;
  gaps: number;
}

/** So many clients at 1 Hz, and one that reads its first frame and nothing after it, until each has had so many deltas. */
export async function streamLoad(own: Home, clients: number, pictures: number): Promise<StreamLoad> {
  const pid = await own.daemonPid();
  const before = rss(pid);
  const latencies: number[] = [];
  const closed: number[] = [];
  const open = (receive: (data: string, socket: WebSocket) => void): WebSocket => {
    const socket = new WebSocket(`ws+unix://${own.socket}:/v1/stream?every=1s`, {
      headers: { host: 'laptop-dev' },
      perMessageDeflate: false,
    });
    socket.on('message', data => receive(String(data), socket));
    socket.on('close', code => closed.push(code));
    socket.on('error', () => undefined);
    return socket;
  };
  const deaf = open((_, socket) => socket.pause());
  const counted = Array.from({ length: clients }, () => count(open, latencies));
  let most = before;
  await until(
    `${clients} clients have had ${pictures} deltas`,
    () => {
      most = Math.max(most, rss(pid));
      return counted.every(({ deltas }) => deltas >= pictures);
    },
    pictures * 5_000 + 30_000,
  );
  const letGo = [...closed];
  for (const { socket } of counted) socket.terminate();
  deaf.terminate();
  return {
    before,
    most,
    deltas: counted.map(({ deltas }) => deltas),
    gaps: counted.reduce((sum, { gaps }) => sum + gaps, 0),
    latencies,
    closed: letGo,
  };
}

/** Reads no more of a frame than its number and its time: a hundred of them share this process. */
function count(open: (receive: (data: string) => void) => WebSocket, latencies: number[]): Counted {
  let seq = 0;
  const socket = open(text => {
    const received = performance.timeOrigin + performance.now();
    const [, type, number, at] = /^\{"type":"(\w+)","seq":(\d+)(?:,"live":\{"at":(\d+))?/.exec(text) ?? [];
    if (Number(number) !== ++seq) counted.gaps++;
    if (type !== 'delta') return;
    counted.deltas++;
    latencies.push(received - Number(at));
  });
  const counted: Counted = { socket, deltas: 0, gaps: 0 };
  return counted;
}

/** Bytes. */
export function rss(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}
