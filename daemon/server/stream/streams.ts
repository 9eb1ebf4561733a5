import type { WebSocket, WebSocketServer } from 'ws';
import type { HistorySpan } from '../../api/live-history.js';
import type { Supervisor } from '../../runtime/supervisor.js';
import { failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { answerRaw } from '../answer.js';
import type { RouteContext } from '../context.js';
import type { UpgradeHandler } from '../upgrades.js';
import { Hub } from './hub.js';
import { filtered, readStreamQuery, type StreamView } from './query.js';
import { Viewer } from './viewer.js';

const MINUTE: Ms = 60_000;
/** Clients that connect within this time share the text, ms: a hundred of them would write 10 MB of the same JSON. */
const SHARED: Ms = 200;

/** The last minute of each service that ran in it: the charts of a new viewer begin with it. */
class RecentFrames {
  #last: { readonly key: string; readonly at: Ms; readonly text: Promise<string> } | null = null;

  constructor(private readonly supervisor: Supervisor) {}

  /** JSON: spans by service. */
  of(query: StreamView): Promise<string> {
    const key = JSON.stringify([query.project, query.services]);
    const at = performance.now();
    if (this.#last?.key === key && at - this.#last.at < SHARED) return this.#last.text;
    const text = this.#read(query);
    this.#last = { key, at, text };
    return text;
  }

  forget(): void {
    this.#last = null;
  }

  async #read(query: StreamView): Promise<string> {
    const { at, services } = filtered(this.supervisor.live(), query);
    const spans = await Promise.all(
      services.map(async ({ id }): Promise<readonly [string, HistorySpan]> => [id, await this.supervisor.history(id, at - MINUTE, 0)]),
    );
    return JSON.stringify(Object.fromEntries(spans.filter(([, span]) => span.entries.length > 0)));
  }
}

/** Longest frame from a client, bytes: clients have nothing to send. */
const MAX_FRAME = 1024;
/** RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

interface StreamLimits {
  /** Clients at a time. */
  readonly most: number;
  /** Longest silence. */
  readonly heartbeat: Ms;
  /** The shortest time between two snapshots in a storm of changes. */
  readonly soonest: Ms;
}

/** The clients of /v1/stream, over all servers that hand it requests. */
export interface Streams extends UpgradeHandler {
  /** Clients that are connected. */
  count(): number;
}

/**
 * GET /v1/stream?every=1s&project=&services=a,b: frames of StreamFrame. A client above the limit is answered 503 with
 * too-busy, before the upgrade. ws is loaded with the first client; frames are not compressed: deflate would hold 300 KB for each.
 */
export function createStreams({ supervisor, log }: RouteContext, { most, heartbeat, soonest }: StreamLimits): Streams {
  let sockets: WebSocketServer | null = null;
  const open = new Set<WebSocket>();
  const hub = new Hub(supervisor, soonest);
  const recent = new RecentFrames(supervisor);

  async function begin(client: WebSocket, query: StreamView): Promise<void> {
    const viewer = new Viewer(client, query, hub.caughtUp, heartbeat);
    client.once('close', () => {
      open.delete(client);
      hub.leave(viewer);
      if (open.size === 0) recent.forget();
    });
    try {
      const text = await recent.of(query);
      if (viewer.isOpen) hub.join(viewer, text);
    } catch (error) {
      log.error({ err: error }, 'a client of the stream got no snapshot: a bug');
      client.close(INTERNAL_ERROR, 'The daemon failed; its log has the cause.');
    }
  }

  return {
    route: /^\/v1\/stream(?:\?(.*))?$/,
    async take({ request, socket, head }, [text = '']) {
      const query = readStreamQuery(text);
      sockets ??= await newServer();
      if (open.size >= most) {
        const remedies = [
          'Close a dashboard or another client of the stream.',
          "LAPTOP_DEV_STREAM_CLIENTS allows more, from the daemon's next start on.",
        ];
        const refused = failure('too-busy', `${open.size} clients watch the stream; ${most} are allowed.`, { most }, remedies);
        return answerRaw(socket, 503, refused);
      }
      sockets.handleUpgrade(request, socket, head, client => {
        open.add(client);
        void begin(client, query);
      });
    },
    count: () => open.size,
    close() {
      for (const client of open) {
        client.close(GOING_AWAY, 'The daemon stops.');
        client.terminate();
      }
    },
  };
}

async function newServer(): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws');
  return new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME, perMessageDeflate: false, clientTracking: false, autoPong: false });
}
