import type { LiveService } from '../../../api/live.js';
import type { Plan } from '../../../api/plan.js';
import { formatBytes } from '../../../shared/bytes.js';
import type { Input, ServiceWork } from '../input.js';
import type { Dash } from '../state.js';
import { doing, workDone, workSubject } from '../view/work-words.js';
import { said } from './say.js';
import type { Next } from './update.js';

/**
 * Asks for the plan of a work. `always`: the question is put whatever it says. A start that disturbs nobody goes at once: k9s and lazydocker
 * taught users that a key acts, and that what destroys asks (lazydocker #557, #558).
 */
export function wished(dash: Dash, verb: ServiceWork['verb'], { project, name }: LiveService, always: boolean): Next {
  if (dash.link.kind !== 'live') return { dash: said(dash, 'Nothing can be done until the daemon is back.', true), effects: [] };
  const work: ServiceWork = { verb, project, services: verb === 'down' ? [] : [name] };
  if (dash.working.some(other => isSame(other, work))) return { dash: said(dash, `${doing(work)} already`, false), effects: [] };
  // What a pin does to the others is what a start does to them.
  const asked: ServiceWork = verb === 'pin' ? { ...work, verb: 'start' } : work;
  return { dash: { ...dash, ask: { kind: 'planning', work, asked, always } }, effects: [{ kind: 'plan', work: asked }] };
}

/** Pins what is not pinned, and the other way round; nobody is asked where nothing has to start. */
export function pinned(dash: Dash, service: LiveService): Next {
  const verb = service.pinned ? 'unpin' : 'pin';
  const isUp = service.state === 'running' || service.state === 'frozen' || service.state === 'starting';
  if (verb === 'pin' && !isUp) return wished(dash, 'pin', service, false);
  if (dash.link.kind !== 'live') return wished(dash, verb, service, false);
  return carriedOut(dash, { verb, project: service.project, services: [service.name] }, null);
}

/** The plan is there: it is asked about, carried out, or was refused. */
export function foldPlanned(dash: Dash, { work, plan, failure }: Extract<Input, { kind: 'planned' }>): Next {
  const { ask } = dash;
  if (ask?.kind !== 'planning' || !isSame(ask.asked, work)) return { dash, effects: [] };
  if (failure !== null || plan === null) {
    return { dash: failure ? { ...dash, ask: { kind: 'refused', work: ask.work, failure } } : { ...dash, ask: null }, effects: [] };
  }
  if (ask.always || disturbs(plan)) return { dash: { ...dash, ask: { kind: 'confirm', work: ask.work, plan } }, effects: [] };
  return carriedOut(dash, ask.work, plan);
}

/** Somebody else is stopped, put to sleep, lowered or made anew by it. */
function disturbs({ stops, evicts, shrinks, starts }: Plan): boolean {
  return stops.length + evicts.length + shrinks.length > 0 || starts.some(start => start.recreate);
}

export function carriedOut(dash: Dash, work: ServiceWork, plan: Plan | null): Next {
  if (dash.link.kind !== 'live')
    return { dash: said({ ...dash, ask: null }, 'Nothing can be done until the daemon is back.', true), effects: [] };
  if (plan && work.verb === 'start' && plan.starts.length === 0)
    return { dash: said({ ...dash, ask: null }, `${workSubject(work)} is up already`, false), effects: [] };
  const isGiven = plan !== null && plan.starts.length > 0;
  const figures = isGiven
    ? `: ${formatBytes(plan.grantedBefore)} → ${formatBytes(plan.grantedAfter)} of ${formatBytes(plan.budget)} granted`
    : '';
  const next: Dash = { ...dash, ask: null, working: [...dash.working, work] };
  return { dash: said(next, `${doing(work)}${figures}`, false), effects: [{ kind: 'work', work }] };
}

export function foldWorked(dash: Dash, { work, failure }: Extract<Input, { kind: 'worked' }>): Dash {
  const next = { ...dash, working: dash.working.filter(other => !isSame(other, work)) };
  if (failure === null) return said(next, workDone(work), false);
  return said(next, `${work.verb} ${workSubject(work)}: ${failure.message}${failure.remedies[0] ? ` → ${failure.remedies[0]}` : ''}`, true);
}

function isSame(one: ServiceWork, other: ServiceWork): boolean {
  return one.verb === other.verb && one.project === other.project && one.services.join() === other.services.join();
}
