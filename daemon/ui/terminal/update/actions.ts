import type { LiveService } from '../../../api/live.js';
import type { Plan } from '../../../api/plan.js';
import { formatBytes } from '../../../shared/bytes.js';
import type { DashboardAction, Input } from '../input.js';
import type { DashboardState } from '../state.js';
import { actionDone, actionInProgress, actionSubject } from '../view/action-labels.js';
import { withMessage } from './message.js';
import type { Next } from './update.js';

/**
 * Asks for the plan of an action. `always`: the question is put whatever it says. A start that disturbs no other service goes at once: k9s and lazydocker
 * taught users that a key acts, and that what destroys asks (lazydocker #557, #558).
 */
export function requestPlan(dash: DashboardState, verb: DashboardAction['verb'], { project, name }: LiveService, always: boolean): Next {
  if (dash.link.kind !== 'live') return { dash: withMessage(dash, 'Nothing can be done until the daemon is back.', true), effects: [] };
  const action: DashboardAction = { verb, project, services: verb === 'down' ? [] : [name] };
  if (dash.underWay.some(other => isSame(other, action)))
    return { dash: withMessage(dash, `${actionInProgress(action)} already`, false), effects: [] };
  // What a pin does to the others is what a start does to them.
  const asked: DashboardAction = verb === 'pin' ? { ...action, verb: 'start' } : action;
  return { dash: { ...dash, prompt: { kind: 'planning', action, asked, always } }, effects: [{ kind: 'plan', action: asked }] };
}

/** Pins what is not pinned, and the other way round; there is no question where nothing has to start. */
export function togglePin(dash: DashboardState, service: LiveService): Next {
  const verb = service.pinned ? 'unpin' : 'pin';
  const isUp = service.state === 'running' || service.state === 'frozen' || service.state === 'starting';
  if (verb === 'pin' && !isUp) return requestPlan(dash, 'pin', service, false);
  if (dash.link.kind !== 'live') return requestPlan(dash, verb, service, false);
  return carryOut(dash, { verb, project: service.project, services: [service.name] }, null);
}

/** The plan is there: it is asked about, carried out, or was refused. */
export function foldPlanned(dash: DashboardState, { action, plan, failure }: Extract<Input, { kind: 'planned' }>): Next {
  const { prompt } = dash;
  if (prompt?.kind !== 'planning' || !isSame(prompt.asked, action)) return { dash, effects: [] };
  if (failure !== null || plan === null) {
    return {
      dash: failure ? { ...dash, prompt: { kind: 'refused', action: prompt.action, failure } } : { ...dash, prompt: null },
      effects: [],
    };
  }
  if (prompt.always || disturbs(plan)) return { dash: { ...dash, prompt: { kind: 'confirm', action: prompt.action, plan } }, effects: [] };
  return carryOut(dash, prompt.action, plan);
}

/** Whether it stops another service, puts it to sleep, lowers its grant or makes its container anew. */
function disturbs({ stops, evicts, shrinks, starts }: Plan): boolean {
  return stops.length + evicts.length + shrinks.length > 0 || starts.some(start => start.recreate);
}

export function carryOut(dash: DashboardState, action: DashboardAction, plan: Plan | null): Next {
  if (dash.link.kind !== 'live')
    return { dash: withMessage({ ...dash, prompt: null }, 'Nothing can be done until the daemon is back.', true), effects: [] };
  if (plan && action.verb === 'start' && plan.starts.length === 0)
    return { dash: withMessage({ ...dash, prompt: null }, `${actionSubject(action)} is up already`, false), effects: [] };
  const isGiven = plan !== null && plan.starts.length > 0;
  const figures = isGiven
    ? `: ${formatBytes(plan.grantedBefore)} → ${formatBytes(plan.grantedAfter)} of ${formatBytes(plan.budget)} granted`
    : '';
  const next: DashboardState = { ...dash, prompt: null, underWay: [...dash.underWay, action] };
  return { dash: withMessage(next, `${actionInProgress(action)}${figures}`, false), effects: [{ kind: 'act', action }] };
}

export function foldActionDone(dash: DashboardState, { action, failure }: Extract<Input, { kind: 'acted' }>): DashboardState {
  const next = { ...dash, underWay: dash.underWay.filter(other => !isSame(other, action)) };
  if (failure === null) return withMessage(next, actionDone(action), false);
  return withMessage(
    next,
    `${action.verb} ${actionSubject(action)}: ${failure.message}${failure.remedies[0] ? ` → ${failure.remedies[0]}` : ''}`,
    true,
  );
}

function isSame(one: DashboardAction, other: DashboardAction): boolean {
  return one.verb === other.verb && one.project === other.project && one.services.join() === other.services.join();
}
