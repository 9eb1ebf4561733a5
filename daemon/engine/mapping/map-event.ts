import type { EngineEvent } from '../../model/observed.js';
import { signalNumber } from './signal-number.js';

/** The parts of a line of GET /events that are read. */
export interface RawEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly status?: string;
  readonly id?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
  readonly time?: number;
  readonly timeNano?: number;
  /** Podman 4 and later, on health_status. */
  readonly HealthStatus?: string;
}

/** Maps one engine event; null for those that no decision needs (attach, top, rename …). Pure. */
export function mapEvent(raw: RawEvent): EngineEvent | null {
  const id = raw.Actor?.ID ?? raw.id;
  const action = raw.Action ?? raw.status ?? '';
  if (!id || (raw.Type !== undefined && raw.Type !== 'container')) return null;
  const at = eventTime(raw);
  const attributes = raw.Actor?.Attributes ?? {};
  const kind = action.split(':', 1)[0]?.trim();
  switch (kind) {
    case 'create':
      return { kind: 'created', id, at };
    case 'start':
      return { kind: 'started', id, at };
    case 'die':
    case 'died':
      return { kind: 'died', id, at, exitCode: Number(attributes['exitCode'] ?? attributes['containerExitCode'] ?? -1) };
    case 'oom':
      return { kind: 'oom', id, at };
    case 'kill':
      return { kind: 'killed', id, at, signal: signalNumber(attributes['signal']) ?? 0 };
    case 'stop':
      return { kind: 'stopped', id, at };
    case 'health_status':
      return mapHealth(id, at, action, raw);
    case 'pause':
    case 'unpause':
      return { kind: `${kind}d`, id, at };
    case 'update':
      return { kind: 'updated', id, at };
    case 'destroy':
    case 'remove':
      return { kind: 'destroyed', id, at };
    default:
      return null;
  }
}

/** ms since the epoch, by the engine's clock. */
export function eventTime({ time, timeNano }: RawEvent): number {
  return timeNano ? Math.floor(timeNano / 1e6) : (time ?? 0) * 1000;
}

/** Docker: `health_status: healthy`. Podman: `health_status` with the result in a field or an attribute of its own. */
function mapHealth(id: string, at: number, action: string, raw: RawEvent): EngineEvent | null {
  const health = action.split(':')[1]?.trim() || raw.HealthStatus || raw.Actor?.Attributes?.['health_status'] || '';
  return health === 'healthy' || health === 'unhealthy' || health === 'starting' ? { kind: 'health', id, at, health } : null;
}
