import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ServiceView } from '../../../daemon/api/views.js';
import { LABEL } from '../../../daemon/model/labels.js';
import { wrongIntent } from '../../../daemon/server/wrong-intent.js';
import { ENGINE, openEngine } from '../../on-engine/support/open-engine.js';
import { engine, type Inspected, inspect } from '../support/engine.js';
import type { Home } from '../support/home.js';
import { DIARY } from './project.js';

export interface ContainerFact {
  readonly id: string;
  readonly service: string;
  readonly running: boolean;
  readonly exitCode: number;
  readonly hash: string;
  readonly limit: number;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly madeAt: number;
}

/** What is so, at the engine and in the daemon's own words. */
export interface Facts {
  readonly containers: readonly ContainerFact[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  readonly services: readonly ServiceView[];
  /** What is wrong with the state file; null: nothing. */
  readonly stateFault: string | null;
}

/** Everything of the project, whatever daemon made it. */
export async function look(home: Home, project: string): Promise<Facts> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${LABEL.composeProject}=${project}`] }));
  const [listed, networks, volumes, services] = await Promise.all([
    engine<readonly { Id: string }[]>('GET', `/containers/json?all=true&filters=${filters}`),
    engine<readonly { Name: string }[]>('GET', `/networks?filters=${filters}`),
    engine<{ Volumes: readonly { Name: string }[] | null }>('GET', `/volumes?filters=${filters}`),
    home.client.services(project, false),
  ]);
  return {
    // One that is removed between the two questions is not there.
    containers: (await Promise.all(listed.map(({ Id }) => inspect(Id).catch(() => null)))).filter(each => each !== null).map(factOf),
    networks: networks.map(({ Name }) => Name),
    volumes: (volumes.Volumes ?? []).map(({ Name }) => Name),
    services,
    stateFault: stateFault(home),
  };
}

function factOf({ Id, Created, State, Config, HostConfig }: Inspected): ContainerFact {
  const { Running: running, ExitCode: exitCode } = State;
  const hash = Config.Labels[LABEL.configHash] ?? '';
  const times = { startedAt: Date.parse(State.StartedAt), madeAt: Date.parse(Created) };
  return { id: Id, service: Config.Labels[LABEL.service] ?? '', running, exitCode, hash, limit: HostConfig.Memory, ...times };
}

function stateFault(home: Home): string | null {
  const file = join(home.stateDir, 'state.json');
  if (existsSync(`${file}.corrupt`)) return `it was set aside: ${readFileSync(`${file}.corrupt`, 'utf8').slice(0, 200)}`;
  return existsSync(file) ? wrongIntent(JSON.parse(readFileSync(file, 'utf8'))) : null;
}

/** What the services have written to the volume so far, through a container that mounts it, running or not. */
export async function readDiary(container: string): Promise<string> {
  const archive = await buffer(await openEngine(ENGINE).getContainer(container).getArchive({ path: DIARY }));
  // One file in a tar: its size stands in octal at 124, its content follows the header of 512 bytes.
  const size = Number.parseInt(archive.toString('latin1', 124, 135), 8);
  return archive.toString('utf8', 512, 512 + size);
}
