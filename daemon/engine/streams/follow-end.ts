import type { EngineConnection } from '../client/connection.js';
import { inspect } from '../containers/inspect.js';

/** How often it is looked whether the container still runs, and how long its last output may take after its end, ms. */
const LOOK = 1_000;

/** Watches over a followed log. */
export interface FollowEnd {
  /** Output has come. */
  touch(): void;
  /** The container has ended and nothing more came: the stream was closed by us. */
  readonly isOver: boolean;
  stop(): void;
}

/**
 * Podman 4.3 at times keeps a followed log open for ever when the container ends just as it begins to follow: here the stream is
 * closed once the container has been seen not running twice, with no output in between. Other engines end it themselves.
 */
export async function followEnd(connection: EngineConnection, id: string, close: () => void): Promise<FollowEnd | null> {
  if ((await connection.facts()).kind !== 'podman') return null;
  let isQuiet = false;
  let isOver = false;
  const timer = setInterval(async () => {
    const seen = await inspect(connection, id).catch(() => undefined);
    const hasEnded = seen === null || (seen !== undefined && seen.status !== 'running' && seen.status !== 'paused');
    if (hasEnded && isQuiet && !isOver) {
      isOver = true;
      close();
    }
    isQuiet = hasEnded;
  }, LOOK);
  return {
    touch: () => {
      isQuiet = false;
    },
    get isOver() {
      return isOver;
    },
    stop: () => clearInterval(timer),
  };
}
