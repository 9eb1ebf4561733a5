import type {
  Accepted,
  Bodies,
  CleanBody,
  Cleaned,
  ExecStart,
  HistorySpanName,
  LogEntry,
  ProjectView,
  VersionView,
  WebClosed,
  WebOpened,
  WhyView,
  WorkLine,
} from '../api/contract.js';
import type { StreamFrame } from '../api/live.js';
import type { HistorySpan } from '../api/live-history.js';
import type { LoggedNotice } from '../api/notice.js';
import type { AdviceView, BudgetView, LeaseView, ServiceView } from '../api/views.js';
import type { ExecChannel } from './exec.js';
import type { HeldLease } from './lease.js';
import type { StreamQuery } from './stream.js';
import { type Call, callForData, callForLines, dataOf, isLines, linesOf, open } from './transport.js';

/** The mutations of a project and their bodies. */
export interface Mutations {
  readonly up: Bodies['Up'];
  readonly down: Bodies['Down'];
  readonly start: Bodies['Services'];
  readonly stop: Bodies['Services'];
  readonly restart: Bodies['Services'];
  readonly lease: Bodies['Lease'];
  readonly pin: Bodies['Pin'];
  readonly unpin: Bodies['Services'];
}

export interface LogQuery {
  /** Empty: all of the project. */
  readonly services: readonly string[];
  readonly follow: boolean;
  /** ms since the epoch. */
  readonly since: number | null;
  readonly tail: number | null;
  readonly signal?: AbortSignal;
}

/** A span by its name, or from a time on (ms since the epoch) in slots of so many ms. */
export type HistoryQuery = { readonly span: HistorySpanName } | { readonly since: number; readonly slot: number };

/** Longest wait for what the daemon only has to look up, ms; figures of containers it may have to ask an engine for. */
const ANSWER_WITHIN = 20_000;
/** For what it knows without looking. */
const WORD_WITHIN = 10_000;

/**
 * The daemon's API as functions. Each makes one connection and needs nothing closed. All reject with FailureError: with
 * daemon-unavailable when no daemon answers, else with the failure that the daemon gave.
 */
export class Client {
  readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
  }

  /** `limit`: longest wait in ms; past it daemon-unavailable with `code` ETIMEDOUT, as a daemon does that hangs or is stopped. */
  version(limit = WORD_WITHIN): Promise<VersionView> {
    return this.#get('/v1/version', {}, limit);
  }
  projects(): Promise<readonly ProjectView[]> {
    return this.#get('/v1/projects');
  }
  /** `usage`: with measured working sets. */
  services(project: string | null, usage: boolean): Promise<readonly ServiceView[]> {
    return this.#get('/v1/services', { project, usage });
  }
  budget(): Promise<BudgetView> {
    return this.#get('/v1/budget');
  }
  /** By what the services used: what they should have. */
  advice(project: string | null): Promise<readonly AdviceView[]> {
    return this.#get('/v1/advice', { project });
  }
  why(project: string, service: string): Promise<WhyView> {
    return this.#get(`/v1/projects/${part(project)}/services/${part(service)}/why`);
  }

  /** What a service used. `slot` in ms; 0: as it was measured, at most 15 minutes back. */
  history(project: string, service: string, query: HistoryQuery): Promise<HistorySpan> {
    const { span, since, slot } = 'span' in query ? { ...query, since: null, slot: null } : { ...query, span: null };
    const path = `/v1/projects/${part(project)}/services/${part(service)}/history`;
    return this.#get(path, { span, since, slot: slot === null ? null : `${slot}ms` });
  }

  /**
   * All that is known, then what changes, until the iteration is left or the signal aborts it. Rejects with daemon-unavailable when the
   * daemon goes or says nothing for 25 s, too-busy when it has no room or the reader is too slow, internal when a frame is missing. A reader that takes its time
   * gets fewer deltas; api/live-delta puts them together. It connects when the first frame is asked for.
   */
  async *stream(query: StreamQuery = {}): AsyncGenerator<StreamFrame, never> {
    const { streamFrames } = await import('./stream.js');
    return yield* streamFrames(this.socket, query);
  }

  notices(query: {
    readonly project: string | null;
    readonly follow: boolean;
    readonly signal?: AbortSignal;
  }): AsyncIterable<LoggedNotice> {
    const { project, follow, signal } = query;
    return callForLines(this.socket, { method: 'GET', path: '/v1/notices', query: { project, follow }, signal });
  }
  logs(project: string, query: LogQuery): AsyncIterable<LogEntry> {
    const { services, follow, since, tail, signal } = query;
    const names = services.length > 0 ? services.join(',') : null;
    const path = `/v1/projects/${part(project)}/logs`;
    return callForLines(this.socket, { method: 'GET', path, query: { services: names, follow, since, tail }, signal });
  }

  /** Changes a project. The first line is the plan; with `wait` in the body notices follow, and the result last. */
  async *act<Kind extends keyof Mutations>(
    project: string,
    kind: Kind,
    body: Mutations[Kind],
    signal?: AbortSignal,
  ): AsyncGenerator<WorkLine> {
    const call: Call = { method: 'POST', path: `/v1/projects/${part(project)}/${kind}`, body, signal };
    const response = await open(this.socket, call);
    if (isLines(response)) yield* linesOf<WorkLine>(response, this.socket);
    else yield { type: 'plan', plan: (await dataOf<Accepted>(response)).plan };
  }
  leases(): Promise<readonly LeaseView[]> {
    return this.#get('/v1/leases');
  }
  /** Holds a lease for `ttl` ms from now on. Fails with not-found when it has run out. */
  async renew(id: string, ttl: number): Promise<void> {
    await callForData(this.socket, { method: 'POST', path: '/v1/leases/renew', body: { id, ttl } });
  }
  async release(id: string): Promise<void> {
    await callForData(this.socket, { method: 'POST', path: '/v1/leases/release', body: { id } });
  }
  /** Starts services, and keeps them awake until `release` of what it resolves to; it renews by itself meanwhile. `ttl`: ms that it outlasts its holder. */
  async lease(project: string, services: readonly string[], note: string, ttl?: number): Promise<HeldLease> {
    const { holdLease } = await import('./lease.js');
    return holdLease(this, project, services, note, ttl);
  }
  /** Bytes; null: the usual budget. */
  setBudget(body: Bodies['SetBudget']): Promise<Accepted> {
    return callForData(this.socket, { method: 'POST', path: '/v1/budget/set', body });
  }
  clean(body: CleanBody): Promise<Cleaned> {
    return callForData(this.socket, { method: 'POST', path: '/v1/clean', body });
  }
  /** Opens the web view where it is not open, and makes a link to it. */
  openWeb(body: Bodies['OpenWeb']): Promise<WebOpened> {
    return callForData(this.socket, { method: 'POST', path: '/v1/web/open', body });
  }
  closeWeb(): Promise<WebClosed> {
    return callForData(this.socket, { method: 'POST', path: '/v1/web/close', body: {} });
  }
  /** Ends the daemon; services keep running. */
  async shutdown(): Promise<void> {
    await callForData(this.socket, { method: 'POST', path: '/v1/shutdown', body: {}, limit: WORD_WITHIN });
  }
  /** Runs a command in the service's container. */
  async exec(project: string, service: string, start: ExecStart['start']): Promise<ExecChannel> {
    const { openExec } = await import('./exec.js');
    return openExec(this.socket, `/v1/projects/${part(project)}/services/${part(service)}/exec`, start);
  }

  #get<T>(path: string, query: NonNullable<Call['query']> = {}, limit = ANSWER_WITHIN): Promise<T> {
    return callForData(this.socket, { method: 'GET', path, query, limit });
  }
}

/** The daemon refuses what would need an escape, and says so. */
function part(name: string): string {
  return encodeURIComponent(name);
}
