import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Live, LiveDelta, LiveService } from '../../../daemon/api/live.js';
import { liveBudget } from '../../../daemon/scheduler/views/live-view.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { LIVE } from '../../scheduler/live.js';

/** A daemon that only has /v1/stream: a snapshot of services made up here, then what the benchmark sends. */
export interface StreamServer {
  readonly socket: string;
  /** Resolves when a viewer has its snapshot. */
  viewer(): Promise<void>;
  send(live: Omit<LiveDelta, 'at'>): void;
  close(): Promise<void>;
}

export async function streamServer(services: readonly LiveService[]): Promise<StreamServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ld-bench-stream-'));
  const socket = join(folder, 'daemon.sock');
  const server = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  let current: WebSocket | null = null;
  let seq = 0;
  sockets.on('connection', client => {
    current = client;
    seq = 1;
    client.send(JSON.stringify({ type: 'snapshot', seq, every: 1_000, live: liveOf(services), notices: [], recent: {} }));
    sockets.emit('viewer');
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    socket,
    viewer: async () => {
      await once(sockets, 'viewer');
    },
    send: live => current?.send(JSON.stringify({ type: 'delta', seq: ++seq, live: { at: Date.now(), ...live } })),
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function madeUpServices(count: number): LiveService[] {
  return Array.from({ length: count }, (_, at) => madeUpService(`service-${String(at).padStart(2, '0')}`));
}

function madeUpService(name: string): LiveService {
  return {
    project: 'bench',
    name,
    profile: 'full',
    runtime: null,
    state: 'running',
    health: 'healthy',
    ready: 'probed',
    enginePorts: [],
    speaks: [],
    ports: [{ hostIp: '127.0.0.1', host: 3000, container: 3000, protocol: 'tcp' }],
    memory: { standard: 128 * MiB, grant: 256 * MiB, maximum: 512 * MiB, workingSet: 100 * MiB },
    stopsIn: null,
    why: 'part of profile full',
    container: `container-of-${name}`,
    dependsOn: [],
    loading: null,
    crashes: 0,
    ooms: 0,
    ...figures(name, 0),
    connections: 1,
    next: null,
    protectedBy: 'a connection is open',
    pinned: false,
    since: Date.now() - 60_000,
    address: '172.18.0.2',
  };
}

/** What changes of a service in each second. */
export function figures(name: string, second: number): Pick<LiveService, 'id' | 'usage'> {
  const wave = Math.abs(Math.sin(second / 7 + name.length + Number(name.slice(-2))));
  return {
    id: `bench/${name}`,
    usage: {
      workingSet: Math.round((60 + 150 * wave) * MiB),
      usage: Math.round((80 + 160 * wave) * MiB),
      cpu: Math.round(wave * 1_000) / 10,
      netIn: Math.round(wave * 1e6),
      netOut: Math.round(wave * 2e6),
      blockIn: 0,
      blockOut: Math.round(wave * 1e5),
      pids: 12,
      psi: { some10: wave, full10: wave / 2 },
    },
  };
}

function liveOf(services: readonly LiveService[]): Live {
  return {
    ...LIVE,
    at: Date.now(),
    daemon: { version: '0.1.0', pid: 1, instance: 'bench', startedAt: Date.now() - 60_000, rss: 56 * MiB, cpu: 0.3 },
    budget: liveBudget(8_192 * MiB, services),
    projects: [{ name: 'bench', root: '/home/me/bench', profile: 'full' }],
    services,
  };
}
