import type { Plan } from '../../../api/plan.js';
import { button, make } from '../dom.js';
import { planLines, planSum } from '../labels.js';
import { call, Refused } from '../session.js';

export type ServiceVerb = 'start' | 'stop' | 'restart' | 'pin' | 'unpin';

/** What is to be done to which service. */
export interface ServiceAction {
  readonly verb: ServiceVerb;
  readonly project: string;
  readonly service: string;
}

const QUESTIONS: Readonly<Record<ServiceVerb, string>> = {
  start: 'Start',
  stop: 'Stop',
  restart: 'Restart',
  pin: 'Keep awake',
  unpin: 'Let sleep',
};

/** Shows what an action would do, asks, and does it. */
export async function askAndAct(dialog: HTMLDialogElement, token: string, action: ServiceAction): Promise<void> {
  const ask = (dryRun: boolean) =>
    call<{ plan: Plan }>(token, `/v1/projects/${action.project}/${action.verb}`, { services: [action.service], dryRun });
  const title = make('h2', { text: `${QUESTIONS[action.verb]} ${action.service}?` });
  title.id = 'plan-title';
  dialog.setAttribute('aria-labelledby', title.id);
  const body = make('div', { class: 'plan-body' });
  const cancel = button('Cancel', () => dialog.close());
  try {
    const { plan } = await ask(true);
    body.append(...planOf(plan));
    const go = button(QUESTIONS[action.verb], () => {
      go.disabled = true;
      ask(false).then(
        () => dialog.close(),
        error => body.replaceChildren(...failureNodes(error)),
      );
    });
    go.className = action.verb === 'stop' || action.verb === 'restart' ? 'go danger' : 'go';
    dialog.replaceChildren(title, body, make('div', { class: 'buttons', children: [cancel, go] }));
  } catch (error) {
    body.append(...failureNodes(error));
    dialog.replaceChildren(title, body, make('div', { class: 'buttons', children: [cancel] }));
  }
  if (!dialog.open) dialog.showModal();
}

function planOf(plan: Plan): Node[] {
  const lines = planLines(plan);
  const items = lines.map(({ verb, what }) => make('li', { children: [make('b', { text: verb }), make('span', { text: what })] }));
  const list = items.length > 0 ? make('ul', { class: 'plan', children: items }) : make('p', { text: 'Nothing would start or stop.' });
  return [list, make('p', { class: 'plan-sum', text: planSum(plan) })];
}

/** The daemon's own words and remedies. */
export function failureNodes(error: unknown): Node[] {
  if (!(error instanceof Refused)) return [make('p', { class: 'failure', text: 'The daemon does not answer.' })];
  const remedies = error.failure.remedies.map(text => make('li', { text }));
  return [make('p', { class: 'failure', text: error.message }), make('ul', { children: remedies })];
}
