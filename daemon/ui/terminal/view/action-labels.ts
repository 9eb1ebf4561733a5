import type { DashboardAction } from '../input.js';

const DOING: Readonly<Record<DashboardAction['verb'], string>> = {
  start: 'starting',
  stop: 'stopping',
  restart: 'restarting',
  pin: 'pinning',
  unpin: 'unpinning',
  down: 'taking down',
};

const DONE: Readonly<Record<DashboardAction['verb'], string>> = {
  start: 'is up',
  stop: 'has stopped',
  restart: 'was restarted',
  pin: 'is pinned: it neither sleeps nor makes room',
  unpin: 'is no longer pinned',
  down: 'is down; its volumes are kept',
};

/** The services, or the project. */
export function actionSubject({ project, services }: DashboardAction): string {
  return services.length > 0 ? services.join(', ') : project;
}

export const actionInProgress = (action: DashboardAction): string => `${DOING[action.verb]} ${actionSubject(action)}`;
export const actionDone = (action: DashboardAction): string => `${actionSubject(action)} ${DONE[action.verb]}`;
