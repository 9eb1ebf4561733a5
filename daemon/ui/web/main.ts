import { formatBytes } from '../../shared/bytes.js';
import { follow } from './connection.js';
import { byId, setHidden, setText } from './dom.js';
import { factsOf, timeShown } from './labels.js';
import { forgetSession, openSession, Refused } from './session.js';
import type { Snapshot } from './snapshot.js';
import { createDetail, type Detail } from './views/detail.js';
import { createEvents } from './views/events.js';
import { createMeters } from './views/meters.js';
import { askAndAct } from './views/plan.js';
import { createServices } from './views/services.js';

const AGAIN = 'laptop-dev dashboard --web';
const EVENTS = 30;

const [status, facts, banner] = [byId('status', HTMLElement), byId('facts', HTMLElement), byId('banner', HTMLElement)];
const [aside, dialog] = [byId('detail', HTMLElement), byId('plan', HTMLDialogElement)];
const showMeters = createMeters(byId('meters', HTMLElement));
const showEvents = createEvents(byId('events', HTMLOListElement), EVENTS, true);
const showServices = createServices(byId('services', HTMLTableElement), choose);

/** The page's state: what it last saw, when (performance.now), and what is open. */
let snapshot: Snapshot | null = null;
let seenAt = 0;
let token = '';
let isLive = false;
let opened: { readonly id: string; readonly detail: Detail } | null = null;
let stop: () => void = () => undefined;

/** Now by the daemon's clock: the browser's may be another (Windows), and stands still with a snapshot that is not live. */
function now(): number {
  if (snapshot === null) return 0;
  return snapshot.live.at + (isLive ? performance.now() - seenAt : 0);
}

function draw(): void {
  if (snapshot === null) return;
  const { live, notices } = snapshot;
  setText(facts, factsOf(live));
  showMeters(live);
  showServices(snapshot, now(), opened?.id ?? null);
  showEvents(notices);
  opened?.detail.show(snapshot, now());
  document.title = `${formatBytes(live.budget.granted)} of ${formatBytes(live.budget.budget)} · laptop-dev`;
}

function choose(id: string): void {
  const service = snapshot?.live.services.find(each => each.id === id);
  const isSame = opened?.id === id;
  opened?.detail.close();
  opened = null;
  if (service && !isSame) {
    const act = (verb: Parameters<typeof askAndAct>[2]['verb'], { project, name }: typeof service) =>
      void askAndAct(dialog, token, { verb, project, service: name });
    opened = { id, detail: createDetail(token, service, { act, closed: () => choose(id), changed: draw }) };
    aside.replaceChildren(opened.detail.element);
  }
  setHidden(aside, opened === null);
  document.body.classList.toggle('with-detail', opened !== null);
  draw();
  if (opened && matchMedia('(max-width: 1099px)').matches) aside.scrollIntoView({ block: 'start' });
}

/** `why`: what keeps the snapshot from being live; null: nothing does. */
function showStatus(word: string, why: string | null): void {
  isLive = why === null;
  setText(status, word);
  status.className = isLive ? 'live' : 'lost';
  document.body.classList.toggle('stale', !isLive);
  setHidden(banner, why === null);
  setText(banner, why ?? '');
}

function begin(session: string): void {
  token = session;
  stop();
  stop = follow(session, {
    shown(next) {
      snapshot = next;
      seenAt = performance.now();
      showStatus('live', null);
      draw();
    },
    lost(answers) {
      const since = snapshot ? ` What you see is from ${timeShown(snapshot.live.at)}.` : '';
      const why = answers
        ? 'The daemon answers, but sends nothing: it has room for 8 pages; trying again.'
        : 'The daemon does not answer; trying again.';
      showStatus('not connected', `${why}${since} If it was restarted, this page needs a new link: ${AGAIN}`);
    },
    ended() {
      forgetSession();
      showStatus('no session', `This page's session has ended. Get a new link with: ${AGAIN}`);
    },
  });
}

async function enter(): Promise<void> {
  try {
    const session = await openSession();
    if (session === null) showStatus('no session', `This page needs a link that was made for it. Get one with: ${AGAIN}`);
    else begin(session);
  } catch (error) {
    const why = error instanceof Refused ? 'This link was used already, or is too old.' : 'The daemon does not answer.';
    showStatus('no session', `${why} Get a new one with: ${AGAIN}`);
  }
}

document.addEventListener('keydown', event => {
  if (event.key === 'Escape' && !dialog.open && opened) choose(opened.id);
});
// A new link that is pasted into this tab changes nothing but the fragment.
addEventListener('hashchange', () => void enter());
// Countdowns and charts move on between two snapshots.
setInterval(() => isLive && !document.hidden && draw(), 1_000);
void enter();
