import type { EngineEvent } from '../../model/observed.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import type { RawEvent } from '../mapping/map-event.js';
import { eventTime } from '../mapping/map-event.js';
import type { Inspected } from '../mapping/map-inspect.js';

/** An event of a command that runs in a container (docker exec), as Docker tells it. */
export interface ExecEvent {
  readonly kind: 'starts' | 'ends';
  readonly id: string;
  readonly at: number;
  /** The engine's id of it. */
  readonly exec: string;
  /** As the engine writes it, its words joined by spaces; empty at the end. */
  readonly command: string;
}

/** Null: another event. That one was created says nothing yet: Docker's own checks are at times created and never started. Pure. */
export function execEventOf(raw: RawEvent): ExecEvent | null {
  const id = raw.Actor?.ID ?? raw.id;
  const exec = raw.Actor?.Attributes?.['execID'];
  const [, what, command = ''] = /^exec_(start|die)(?:: ?(.*))?$/s.exec(raw.Action ?? raw.status ?? '') ?? [];
  if (!id || !exec || what === undefined) return null;
  return { kind: what === 'start' ? 'starts' : 'ends', id, at: eventTime(raw), exec, command };
}

/** What the engine runs as the health check of a container, its words joined by spaces; null: it has none. Pure. */
export function checkOf(config: Inspected['Config']): string | null {
  const [kind, ...words] = config?.Healthcheck?.Test ?? [];
  if (kind === 'CMD') return words.join(' ');
  const shell = config?.Shell && config.Shell.length > 0 ? config.Shell : ['/bin/sh', '-c'];
  return kind === 'CMD-SHELL' ? [...shell, ...words].join(' ') : null;
}

/**
 * Tells commands of people and their tools (a shell, an editor's server, a database's console), which are use of the service, from the
 * daemon's own, of which nothing is told, and from the engine's health checks, which are no use: it runs them for itself.
 */
export class ExecWatch {
  /** By container; its definition never changes. */
  readonly #checks = new Map<string, string | null>();
  readonly #running = new Map<string, { readonly container: string; readonly isCheck: boolean }>();

  constructor(private readonly connection: EngineConnection) {}

  async engineEventOf({ kind, id, at, exec, command }: ExecEvent): Promise<EngineEvent | null> {
    const isOwn = this.connection.execs.has(exec);
    if (kind === 'starts') {
      if (isOwn) return null;
      const isCheck = command === (await this.check(id));
      this.#running.set(exec, { container: id, isCheck });
      return { kind: isCheck ? 'checkStarted' : 'execStarted', id, at, exec };
    }
    this.connection.execs.delete(exec);
    const known = this.#running.get(exec);
    this.#running.delete(exec);
    if (isOwn) return null;
    return { kind: known?.isCheck ? 'checkEnded' : 'execEnded', id, at, exec };
  }

  forget(container: string): void {
    this.#checks.delete(container);
    for (const [exec, known] of this.#running) if (known.container === container) this.#running.delete(exec);
  }

  private async check(id: string): Promise<string | null> {
    const known = this.#checks.get(id);
    if (known !== undefined) return known;
    try {
      const raw: Inspected = await this.connection.call('inspect', DEADLINE.quick, (client, abortSignal) =>
        client.getContainer(id).inspect({ abortSignal }),
      );
      const check = checkOf(raw.Config);
      this.#checks.set(id, check);
      return check;
    } catch {
      return null; // gone meanwhile, or the engine does not answer, which its events will say
    }
  }
}

/** The parts of GET /exec/ID/json that are read. */
interface Exec {
  readonly Running?: boolean;
  readonly ProcessConfig?: { readonly entrypoint?: string; readonly arguments?: readonly string[] | null } | null;
}

/** Commands of others that run in a container now. An event can be lost; what the engine lists cannot. */
export async function sessionsIn(connection: EngineConnection, raw: Pick<Inspected, 'ExecIDs' | 'Config'>): Promise<readonly string[]> {
  const check = checkOf(raw.Config);
  const found: string[] = [];
  for (const id of raw.ExecIDs ?? []) {
    if (connection.execs.has(id)) continue;
    const exec = await execOf(connection, id);
    const command = [exec?.ProcessConfig?.entrypoint ?? '', ...(exec?.ProcessConfig?.arguments ?? [])].join(' ');
    if (exec?.Running && command !== check) found.push(id);
  }
  return found;
}

async function execOf(connection: EngineConnection, id: string): Promise<Exec | null> {
  try {
    return await connection.call('inspect exec', DEADLINE.quick, (client, abortSignal) => client.getExec(id).inspect({ abortSignal }));
  } catch (error) {
    if (engineStatusOf(error) === 404) return null;
    throw error;
  }
}
