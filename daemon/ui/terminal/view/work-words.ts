import type { ServiceWork } from '../input.js';

const DOING: Readonly<Record<ServiceWork['verb'], string>> = {
  start: 'starting',
  stop: 'stopping',
  restart: 'restarting',
  pin: 'pinning',
  unpin: 'unpinning',
  down: 'taking down',
};

const DONE: Readonly<Record<ServiceWork['verb'], string>> = {
  start: 'is up',
  stop: 'has stopped',
  restart: 'was restarted',
  pin: 'is pinned: it neither sleeps nor makes room',
  unpin: 'is no longer pinned',
  down: 'is down; its volumes are kept',
};

/** The services, or the project. */
export function workSubject({ project, services }: ServiceWork): string {
  return services.length > 0 ? services.join(', ') : project;
}

export const doing = (work: ServiceWork): string => `${DOING[work.verb]} ${workSubject(work)}`;
export const workDone = (work: ServiceWork): string => `${workSubject(work)} ${DONE[work.verb]}`;
