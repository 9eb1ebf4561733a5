import type { Plan } from '../../../daemon/api/plan.js';
import type { ServiceView } from '../../../daemon/api/views.js';
import { LABEL } from '../../../daemon/model/labels.js';
import { type Home, home } from './home.js';
import { freePorts } from './ports.js';
import { until } from './until.js';

/** What `up`, `start`, `stop` and `restart` answer. */
export interface Done {
  readonly plan: Plan;
  readonly services: readonly ServiceView[];
}

/** The built-in stack in a home of its own, at ports of its own. */
export interface Stack {
  readonly laptop: Home;
  /** The API's address. */
  readonly api: string;
  services(): Promise<readonly ServiceView[]>;
  /** Service → its container. */
  ids(): Promise<ReadonlyMap<string, string>>;
  /** Asks again and again until `url` answers well. */
  answers(url: string): Promise<unknown>;
  /** Writes a record with this name through the API. */
  record(name: string): Promise<Response>;
}

/** Ports of its own for the stack's services, and for those of which more variables are named; in this order. */
export async function stackPorts({ env, name }: Home, ...more: readonly string[]): Promise<readonly number[]> {
  const variables = ['API_PORT', 'POSTGRES_PORT', 'REDIS_PORT', ...more];
  const ports = await freePorts(variables.length);
  Object.assign(env, { COMPOSE_PROJECT_NAME: name }, Object.fromEntries(variables.map((each, index) => [each, `${ports[index]}`])));
  return ports;
}

export async function stackHome(): Promise<Stack> {
  const laptop = await home();
  const [apiPort] = await stackPorts(laptop, 'HUNGRY_PORT');
  const api = `http://127.0.0.1:${apiPort}`;
  return {
    laptop,
    api,
    services: async () => (await laptop.ask<{ services: ServiceView[] }>(['ps'])).services,
    ids: async () => new Map((await laptop.containers()).map(each => [each.Labels[LABEL.service] ?? '', each.Id])),
    answers: url => until(`${url} answers`, async () => (await fetch(url)).ok, 60_000),
    record: name =>
      fetch(`${api}/records`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, data: { of: laptop.name } }),
      }),
  };
}

/** How long a command took, for who reads the run. */
export function tell(what: string, { ms }: { readonly ms: number }): void {
  console.info(`${what}: ${(ms / 1000).toFixed(2)} s`);
}
