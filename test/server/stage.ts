import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { Live, LiveService, LiveUsage, StreamFrame } from '../../daemon/api/live.js';
import { applyDelta } from '../../daemon/api/live-delta.js';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import { Client } from '../../daemon/client/client.js';
import type { StreamQuery } from '../../daemon/client/stream.js';
import type { Supervisor } from '../../daemon/runtime/supervisor.js';
import type { RequestLimits } from '../../daemon/server/bare-app.js';
import { LIVE } from '../scheduler/live.js';
import { fake, MB, serve, view } from './harness.js';

export const USAGE: LiveUsage = {
  workingSet: 100 * MB,
  usage: 120 * MB,
  cpu: 3.5,
  netIn: 1_000,
  netOut: 2_000,
  blockIn: 0,
  blockOut: 4_096,
  pids: 7,
  psi: null,
};

export function liveService(name: string, extra: Partial<LiveService> = {}): LiveService {
  const shown = view(name, extra);
  return {
    ...shown,
    id: `${shown.project}/${name}`,
    usage: USAGE,
    connections: 0,
    next: null,
    protectedBy: null,
    pinned: false,
    since: 1_700_000_000_000,
    address: null,
    ...extra,
  };
}

/** A daemon whose snapshot a test paints. */
export interface Stage {
  readonly socket: string;
  readonly client: Client;
  readonly logged: readonly string[];
  /** What is true now. */
  live(): Live;
  /** Changes the snapshot and says so to whoever watches. */
  paint(next: (live: Live) => Live): void;
  /** Something happened, which is kept. */
  tell(notice: LoggedNotice): void;
  /** The rates at which it is watched. */
  watched(): readonly number[];
  /** How often the snapshot was asked for. */
  taken(): number;
  stop(): Promise<void>;
}

export async function stage(
  services: readonly LiveService[] = [],
  options: { limits?: Partial<RequestLimits>; parts?: Partial<Supervisor>; past?: readonly LoggedNotice[] } = {},
): Promise<Stage> {
  let live: Live = { ...LIVE, services };
  let taken = 0;
  const watchers = new Set<{ readonly every: number; readonly changed: () => void }>();
  const past = [...(options.past ?? [])];
  const double = fake(
    {
      live: () => {
        taken++;
        return live;
      },
      watch: (every, changed) => {
        const watcher = { every, changed };
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
      ...options.parts,
    },
    past,
  );
  const running = await serve(double.supervisor, options.limits ?? {});
  onTestFinished(() => running.stop());
  return {
    socket: running.socket,
    client: new Client(running.socket),
    logged: running.logged,
    live: () => live,
    paint: next => {
      live = next({ ...live, at: live.at + 1 });
      for (const { changed } of watchers) changed();
    },
    tell: notice => {
      past.push(notice);
      double.emit(notice);
    },
    watched: () => [...watchers].map(({ every }) => every),
    taken: () => taken,
    stop: () => running.stop(),
  };
}

export function change(name: string, extra: Partial<LiveService>): (live: Live) => Live {
  return live => ({ ...live, services: live.services.map(service => (service.name === name ? { ...service, ...extra } : service)) });
}

/** A client of the stream that a test asks for frames; left when the test has ended. */
export interface Watcher {
  readonly frames: StreamFrame[];
  /** What it knows by the frames that were asked for. */
  snapshot(): Live;
  next(): Promise<StreamFrame>;
  /** Reads up to the frame that fits, and resolves to it. */
  until<T extends StreamFrame['type']>(
    type: T,
    fits?: (frame: Extract<StreamFrame, { type: T }>) => boolean,
  ): Promise<Extract<StreamFrame, { type: T }>>;
  leave(): Promise<void>;
}

export async function watcher(client: Client, query: StreamQuery = {}): Promise<Watcher> {
  const frames: StreamFrame[] = [];
  const iterator = client.stream(query);
  let snapshot: Live | null = null;
  const next = async (): Promise<StreamFrame> => {
    const { value } = await iterator.next();
    frames.push(value);
    if (value.type === 'snapshot') snapshot = value.live;
    if (value.type === 'delta' && snapshot) snapshot = applyDelta(snapshot, value.live);
    return value;
  };
  const leave = async () => void (await iterator.return(undefined as never));
  onTestFinished(leave);
  await next();
  return {
    frames,
    snapshot: () => snapshot ?? LIVE,
    next,
    async until(type, fits = () => true) {
      for (;;) {
        const frame = await next();
        if (frame.type === type && fits(frame as never)) return frame as never;
      }
    },
    leave,
  };
}

/** A client without the library. */
export function rawStream(socket: string, query = '', headers: Readonly<Record<string, string>> = {}): WebSocket {
  const head = { host: 'laptop-dev', ...headers };
  const client = new WebSocket(`ws+unix://${socket}:/v1/stream${query}`, { headers: head, perMessageDeflate: false });
  client.on('error', () => undefined);
  onTestFinished(() => client.terminate());
  return client;
}
