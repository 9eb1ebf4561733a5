import type { ANSWERS } from './answers.js';
import type { BODIES } from './bodies.js';
import type { LIVE_ANSWERS } from './live.js';

/** One route of the API as its description has it. `{project}` and `{service}` are names in the path. */
export interface ApiEndpoint {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  /** Query parameters: name → what it says. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: keyof typeof BODIES;
  /** Schema of the envelope's `data`; of each line where `lines`. */
  readonly answer: keyof typeof ANSWERS | keyof typeof LIVE_ANSWERS | null;
  /** NDJSON: one JSON value a line. */
  readonly lines?: boolean;
  /** With `wait: true` the answer is NDJSON of WorkLine. */
  readonly waits?: boolean;
}

export const ENDPOINTS: readonly ApiEndpoint[] = [
  { method: 'get', path: '/v1/version', summary: 'The daemon, its PID and the engine it drives', answer: 'Version' },
  { method: 'get', path: '/v1/projects', summary: 'Projects the daemon knows', answer: 'Projects' },
  {
    method: 'get',
    path: '/v1/services',
    summary: 'Services and their states',
    query: { project: 'Only those of this project', usage: '1: measure working sets' },
    answer: 'ServiceViews',
  },
  { method: 'get', path: '/v1/budget', summary: 'The budget and what holds it', answer: 'Budget' },
  {
    method: 'get',
    path: '/v1/advice',
    summary: 'What services should have, by what they used in the last 8 days',
    query: { project: 'Only those of this project' },
    answer: 'Advice',
  },
  {
    method: 'get',
    path: '/v1/notices',
    summary: 'What happened, oldest first',
    query: { project: 'Only those of this project', follow: '1: stay and send what happens from now on' },
    answer: 'Notice',
    lines: true,
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/services/{service}/why',
    summary: 'Why a service is in its state',
    answer: 'Why',
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/services/{service}/history',
    summary: 'What a service used',
    query: {
      span: '1m or 15m: as it was measured; 24h: in slots of 5 minutes. Absent: 15m',
      since: 'Instead of span: milliseconds since the epoch',
      slot: 'With since: length of a slot, as 5m; 0s: as it was measured',
    },
    answer: 'HistorySpan',
  },
  {
    method: 'get',
    path: '/v1/stream',
    summary: 'WebSocket: all that is known, then what changes, as frames of StreamFrame (see docs/api.md); without an upgrade 404',
    query: { every: '250ms to 60s; absent: 1s', project: 'Only that of this project', services: 'Only those with these names, as a,b' },
    answer: null,
  },
  { method: 'get', path: '/metrics', summary: 'Figures as Prometheus reads them (see docs/metrics.md)', answer: null },
  {
    method: 'get',
    path: '/v1/projects/{project}/services/{service}/exec',
    summary: 'WebSocket: runs a command in the container (see docs/api.md); a request without an upgrade is answered 404',
    answer: null,
  },
  {
    method: 'get',
    path: '/v1/projects/{project}/logs',
    summary: 'Logs of services, in the order in which they come',
    query: {
      services: 'Names separated by commas; absent: all',
      follow: '1: stay and send new lines',
      since: 'Milliseconds since the epoch',
      tail: 'Only this many last lines of each service',
    },
    answer: 'LogEntry',
    lines: true,
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/up',
    summary: 'Brings services of a project up, under their limits',
    body: 'Up',
    answer: 'Accepted',
    waits: true,
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/down',
    summary: 'Stops and removes the containers of a project, and its networks',
    body: 'Down',
    answer: 'Accepted',
    waits: true,
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/start',
    summary: 'Starts services of a known project',
    body: 'Services',
    answer: 'Accepted',
    waits: true,
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/stop',
    summary: 'Stops services; their containers stay',
    body: 'Services',
    answer: 'Accepted',
    waits: true,
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/restart',
    summary: 'Stops and starts services',
    body: 'Services',
    answer: 'Accepted',
    waits: true,
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/lease',
    summary: 'Starts services, and keeps them awake until the lease ends; renew it in time',
    body: 'Lease',
    answer: 'Accepted',
    waits: true,
  },
  {
    method: 'post',
    path: '/v1/projects/{project}/pin',
    summary: 'Starts services, and keeps them awake',
    body: 'Pin',
    answer: 'Accepted',
    waits: true,
  },
  { method: 'post', path: '/v1/projects/{project}/unpin', summary: 'Lets them sleep again', body: 'Services', answer: 'Accepted' },
  { method: 'get', path: '/v1/leases', summary: 'Leases and pins', answer: 'Leases' },
  { method: 'post', path: '/v1/leases/renew', summary: 'Holds a lease for so long from now on', body: 'Renew', answer: 'Done' },
  { method: 'post', path: '/v1/leases/release', summary: 'Ends a lease', body: 'Release', answer: 'Done' },
  { method: 'post', path: '/v1/budget/set', summary: 'Sets the budget from now on', body: 'SetBudget', answer: 'Accepted' },
  {
    method: 'post',
    path: '/v1/clean',
    summary: 'Removes what carries our label and belongs to no known service of the project',
    body: 'Clean',
    answer: 'Cleaned',
  },
  {
    method: 'post',
    path: '/v1/shutdown',
    summary: 'Ends the daemon; services keep running',
    body: 'Empty',
    answer: 'Done',
  },
  {
    method: 'post',
    path: '/v1/web/open',
    summary: 'Opens the web view on 127.0.0.1 where it is not open yet, and makes a link to it that can be opened once',
    body: 'OpenWeb',
    answer: 'WebOpened',
  },
  { method: 'post', path: '/v1/web/close', summary: 'Closes the web view and ends its sessions', body: 'Empty', answer: 'WebClosed' },
  { method: 'get', path: '/v1/openapi.json', summary: 'This description', answer: null },
];
