import type { ServiceView } from '../api/views.js';
import type { Log } from '../ports/ports.js';
import type { Supervisor } from '../runtime/supervisor.js';
import { parseDuration } from '../shared/duration.js';
import { FailureError, failure } from '../shared/failure.js';
import { isName, isServiceName, NAME_RULE, SERVICE_NAME_RULE } from '../shared/names.js';
import { nearestName } from '../shared/nearest.js';

/** What the routes need. */
export interface RouteContext {
  readonly supervisor: Supervisor;
  readonly log: Log;
  /** The web view; absent: the usual settings. */
  readonly web?: {
    /** ms after which an unused session ends; the port closes with the last one. null: 10 minutes. */
    readonly idle?: number | null;
    /** Folder of the page's files. */
    readonly folder?: URL;
  };
}

export function projectName(value: unknown): string {
  if (typeof value === 'string' && isName(value)) return value;
  throw new FailureError(failure('usage', `This is not a project name: ${NAME_RULE}.`));
}

export function serviceName(value: unknown): string {
  if (typeof value === 'string' && isServiceName(value)) return value;
  throw new FailureError(failure('usage', `This is not a service name: ${SERVICE_NAME_RULE}.`));
}

/** One parameter of the query; FailureError usage when it occurs twice. */
export function queryText(query: unknown, name: string): string | null {
  const value = typeof query === 'object' && query !== null ? (query as Record<string, unknown>)[name] : undefined;
  if (value === undefined || value === '') return null;
  if (typeof value === 'string') return value;
  throw new FailureError(failure('usage', `The parameter ${name} may be given once.`));
}

export function queryFlag(query: unknown, name: string): boolean {
  const value = queryText(query, name);
  return value === '1' || value === 'true';
}

/** A whole number of at most 15 digits; null when absent. */
export function queryCount(query: unknown, name: string): number | null {
  const value = queryText(query, name);
  if (value === null) return null;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new FailureError(failure('usage', `The parameter ${name} must be a whole number.`));
}

/** A duration as in profiles, `250ms`, `15m`, `1h30m`, in ms; null when absent. */
export function queryDuration(query: unknown, name: string): number | null {
  const value = queryText(query, name);
  if (value === null) return null;
  const duration = value.length > 32 ? null : parseDuration(value, 'profile');
  if (duration === null) throw new FailureError(failure('usage', `The parameter ${name} must be a duration, such as 250ms, 1s or 15m.`));
  return duration;
}

/** The service of that name, or FailureError not-found with the nearest name. */
export function findService(services: readonly ServiceView[], project: string, name: string): ServiceView {
  const found = services.find(service => service.project === project && service.name === name);
  if (found) return found;
  const names = services.filter(service => service.project === project).map(service => service.name);
  const nearest = nearestName(name, names);
  const hint = nearest === null ? '' : ` Did you mean ${nearest}?`;
  throw new FailureError(
    failure('not-found', `There is no service ${name} in project ${project}.${hint}`, { project, service: name, known: names }),
  );
}
