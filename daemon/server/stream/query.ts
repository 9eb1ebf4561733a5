import { parse } from 'node:querystring';
import type { Live } from '../../api/live.js';
import type { LoggedNotice } from '../../api/notice.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import { projectName, queryDuration, queryText, serviceName } from '../context.js';

const LEAST: Ms = 250;
const MOST: Ms = 60_000;
const USUAL: Ms = 1_000;
/** Names in one query: bounds the cost of filtering. */
const MOST_NAMES = 100;

/** What a client wants to see, and how often. */
export interface StreamView {
  readonly every: Ms;
  /** null: all. */
  readonly project: string | null;
  /** Names, sorted; null: all. */
  readonly services: readonly string[] | null;
}

/** Reads `every=1s&project=shop&services=api,db`; FailureError usage for anything invalid. */
export function readStreamQuery(text: string): StreamView {
  const query = parse(text);
  const every = queryDuration(query, 'every') ?? USUAL;
  if (every < LEAST || every > MOST) throw new FailureError(failure('usage', 'The parameter every must be from 250ms to 60s.', { every }));
  const project = queryText(query, 'project');
  const named = queryText(query, 'services')?.split(',') ?? null;
  if (named !== null && named.length > MOST_NAMES)
    throw new FailureError(failure('usage', `The parameter services takes at most ${MOST_NAMES} names.`));
  return {
    every,
    project: project === null ? null : projectName(project),
    services: named && [...new Set(named.map(serviceName))].sort(),
  };
}

/** The part of the snapshot that a client asked for; budget, host and daemon are those of all projects. */
export function filtered(live: Live, { project, services }: StreamView): Live {
  if (project === null && services === null) return live;
  return {
    ...live,
    projects: project === null ? live.projects : live.projects.filter(({ name }) => name === project),
    services: live.services.filter(
      each => (project === null || each.project === project) && (services === null || services.includes(each.name)),
    ),
  };
}

/** Whether a client with this query gets the notice. A notice about a whole project is not about one of its services. */
export function concerns({ project, services }: StreamView, notice: LoggedNotice): boolean {
  if (project !== null && notice.project !== project) return false;
  return services === null || (notice.service !== null && services.includes(notice.service));
}
