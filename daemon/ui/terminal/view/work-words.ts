import type { Work } from '../input.js';

const DOING: Readonly<Record<Work['verb'], string>> = {
  start: 'starting',
  stop: 'stopping',
  restart: 'restarting',
  pin: 'pinning',
  unpin: 'unpinning',
  down: 'taking down',
};

const DONE: Readonly<Record<Work['verb'], string>> = {
  start: 'is up',
  stop: 'has stopped',
  restart: 'was restarted',
  pin: 'is pinned: it does not sleep, and goes for nobody',
  unpin: 'is no longer pinned',
  down: 'is down; its volumes are kept',
};

/** The services, or the project. */
export function subjectOf({ project, services }: Work): string {
  return services.length > 0 ? services.join(', ') : project;
}

export const doing = (work: Work): string => `${DOING[work.verb]} ${subjectOf(work)}`;
export const done = (work: Work): string => `${subjectOf(work)} ${DONE[work.verb]}`;
