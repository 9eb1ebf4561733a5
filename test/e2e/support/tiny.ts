import type { LoggedNotice } from '../../../daemon/api/notice.js';
import type { Plan } from '../../../daemon/api/plan.js';
import type { ServiceView } from '../../../daemon/api/views.js';
import { LABEL } from '../../../daemon/model/labels.js';
import { ENGINE } from '../../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../../on-engine/support/tiny-image.js';
import { type Home, home } from './home.js';

/** A busybox, 2 MB; no registry needed. Named for this process: another run at the same engine removes its own at its end. */
export const TINY = `ldt-proj-tiny:${process.pid}`;

/** What `up`, `start`, `stop` and `restart` answer. */
export interface Done {
  readonly project: string;
  readonly plan: Plan;
  readonly services: readonly ServiceView[];
}

/**
 * A home whose engine has the tiny image. `env` is added to the environment of all its commands, its daemon's too. `endpoint`: an engine
 * other than the tests' own.
 */
export async function tinyHome(env: Readonly<Record<string, string>> = {}, endpoint = ENGINE): Promise<Home> {
  homes++;
  await tinyImage(endpoint, TINY);
  const made = await home(endpoint);
  Object.assign(made.env, env);
  return {
    ...made,
    close: async () => {
      await made.close();
      homes--;
      if (homes === 0) await removeImage(endpoint, TINY);
    },
  };
}

/** Of this file that are open: the image goes with the last of them. */
let homes = 0;

/** The `command:` of a service that does `first`, then runs until it is told to end, which it does at once. */
export function stays(first = 'true'): string {
  return JSON.stringify(['sh', '-c', `trap 'exit 0' TERM; ${first}; sleep 100000 & wait $$!`]);
}

/** Container ids by service, of one project. */
export async function idsOf(own: Home, project: string): Promise<Record<string, string>> {
  const mine = (await own.containers()).filter(each => each.Labels[LABEL.project] === project);
  return Object.fromEntries(mine.map(each => [each.Labels[LABEL.service] ?? '', each.Id]));
}

/** What the daemon has said of a project, oldest first: as `events` has it. */
export async function noticesIn(own: Home, project: string): Promise<readonly LoggedNotice[]> {
  const notices: LoggedNotice[] = [];
  for await (const notice of own.client.notices({ project, follow: false })) notices.push(notice);
  return notices;
}

/** Takes a project down past the command line, for a test that is about something else. */
export async function takeDown(own: Home, project: string): Promise<void> {
  for await (const line of own.client.act(project, 'down', { volumes: false, wait: true })) {
    if (line.type === 'result' && !line.ok) throw new Error(line.error.message);
  }
}

/** `name state` of each service of the project in the folder, by name. */
export async function statesIn(own: Home, cwd: string): Promise<string[]> {
  return (await own.services(cwd)).map(({ name, state }) => `${name} ${state}`);
}

export async function viewIn(own: Home, cwd: string, service: string): Promise<ServiceView> {
  const view = (await own.services(cwd)).find(each => each.name === service);
  if (!view) throw new Error(`${service} is not shown`);
  return view;
}
