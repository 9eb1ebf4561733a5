import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { WorkLine, WorkResult } from '../api/contract.js';
import type { LoggedNotice } from '../api/notice.js';
import type { Plan } from '../api/plan.js';
import type { ServiceView } from '../api/views.js';
import { type ServiceId, serviceId } from '../model/spec.js';
import type { Supervisor, WaitGoal } from '../runtime/supervisor.js';
import type { Action } from '../scheduler/state/event.js';
import { type Failure, FailureError, failure } from '../shared/failure.js';
import { whileConnected } from './ndjson.js';
import { AsyncQueue } from './queue.js';

/** A mutation whose client waits for the result. */
export interface AwaitedAction {
  readonly project: string;
  readonly action: Action;
  readonly body: { readonly dryRun?: boolean; readonly wait?: boolean; readonly settle?: number; readonly waitTimeout?: number | null };
  readonly trust: boolean;
  readonly goal: WaitGoal;
}

/**
 * Acts, then yields the plan, the project's notices, and the result. A refusal is thrown before the first line, so that it has
 * its own status. A client that disconnects ends the wait, never the work.
 */
export async function waitForWork(supervisor: Supervisor, reply: FastifyReply, work: AwaitedAction): Promise<AsyncIterable<WorkLine>> {
  const before = work.goal === 'gone' ? await supervisor.services(work.project, false) : [];
  const feed = new AsyncQueue<LoggedNotice>();
  const unsubscribe = supervisor.subscribe(notice => {
    if (notice.project === work.project) feed.push(notice);
  });
  try {
    const answer = await supervisor.act(work.action, { dryRun: false, trust: work.trust });
    if (!answer.ok) throw new FailureError(answer.failure);
    const all = before.map(service => serviceId(service.project, service.name));
    const ids = [...new Set([...all, ...goalIds(work, answer.plan)])];
    return lines(supervisor, work, answer.plan, ids, feed, unsubscribe, whileConnected(reply));
  } catch (error) {
    unsubscribe();
    throw error;
  }
}

function goalIds({ action, goal, project }: AwaitedAction, plan: Plan): readonly ServiceId[] {
  const named = 'services' in action && action.services !== null ? action.services.map(name => serviceId(project, name)) : [];
  return goal === 'up' ? [...plan.starts.map(start => start.id), ...plan.keeps, ...plan.sleeps, ...named] : [...plan.stops, ...named];
}

async function* lines(
  supervisor: Supervisor,
  work: AwaitedAction,
  plan: Plan,
  ids: readonly ServiceId[],
  feed: AsyncQueue<LoggedNotice>,
  unsubscribe: () => void,
  left: AbortSignal,
): AsyncGenerator<WorkLine> {
  try {
    const outcome = settle(supervisor, work, plan, ids, left).finally(() => feed.end());
    yield { type: 'plan', plan };
    for await (const notice of feed) yield { type: 'notice', notice };
    const error = await outcome;
    yield result(
      error,
      (await supervisor.services(work.project, false)).filter(view => ids.includes(serviceId(view.project, view.name))),
    );
  } finally {
    unsubscribe();
    feed.end();
  }
}

function result(error: Failure | null, services: WorkResult['services']): WorkResult {
  return error === null ? { type: 'result', ok: true, services } : { type: 'result', ok: false, services, error };
}

/** A service without a probe has to stay up for a moment: one that exits at once was never up. */
async function steady(
  supervisor: Supervisor,
  { goal, project, body }: AwaitedAction,
  plan: Plan,
  ids: readonly ServiceId[],
  signal: AbortSignal,
): Promise<Failure | null> {
  const { settle: span = 0 } = body;
  for (;;) {
    const failed = await supervisor.settled(ids, goal, signal);
    if (failed !== null || goal !== 'up' || span === 0) return failed;
    const before = await unprobed(supervisor, project, plan);
    if (before.length === 0) return null;
    await pause(span, undefined, { signal });
    const after = await supervisor.services(project, false);
    const isSame = before.every(({ name, crashes }) =>
      after.some(view => view.name === name && view.crashes === crashes && view.state !== 'failed'),
    );
    if (isSame) return supervisor.settled(ids, goal, signal);
  }
}

async function unprobed(supervisor: Supervisor, project: string, { starts }: Plan): Promise<readonly ServiceView[]> {
  const views = await supervisor.services(project, false);
  return views.filter(
    view => view.state === 'running' && view.ready === 'unprobed' && starts.some(({ id }) => id === serviceId(view.project, view.name)),
  );
}

/** Never rejects: what ends the wait early becomes a failure too. */
async function settle(
  supervisor: Supervisor,
  work: AwaitedAction,
  plan: Plan,
  ids: readonly ServiceId[],
  left: AbortSignal,
): Promise<Failure | null> {
  const limit = work.body.waitTimeout ?? null;
  const late = limit === null ? null : AbortSignal.timeout(limit);
  try {
    return await steady(supervisor, work, plan, ids, late ? AbortSignal.any([left, late]) : left);
  } catch (error) {
    if (error instanceof FailureError) return error.failure;
    if (late?.aborted)
      return failure('timeout', `Not ${work.goal} after ${limit} ms; the work continues.`, { waitTimeout: limit, services: ids });
    if (left.aborted) return failure('cancelled', 'The client disconnected; the work continues.');
    throw error;
  }
}
