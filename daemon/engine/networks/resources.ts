import { LABEL } from '../../model/labels.js';
import type { NetworkSpec, VolumeSpec } from '../../model/spec.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { volumeLabels } from '../mapping/names.js';
import { ensureNetwork } from './ensure-network.js';
import { missing } from './missing.js';

/** Networks and volumes of projects. */
export interface ProjectResources {
  ensureNetwork(project: string, network: NetworkSpec): Promise<void>;
  /** True: it was missing, and is made. */
  ensureVolume(project: string, volume: VolumeSpec): Promise<boolean>;
  networks(): Promise<readonly { readonly project: string; readonly name: string }[]>;
  of(project: string): Promise<{ readonly networks: readonly string[]; readonly volumes: readonly string[] }>;
}

type Labels = Readonly<Record<string, string>> | null | undefined;

export function createResources(connection: EngineConnection, instance: string, pools: readonly string[] | null): ProjectResources {
  /** One creation per name at a time: an engine makes two networks of one name when it is asked twice at once. */
  const single = <T>(): ((key: string, run: () => Promise<T>) => Promise<T>) => {
    const flights = new Map<string, Promise<T>>();
    return (key, run) => {
      const flight = flights.get(key) ?? run().finally(() => flights.delete(key));
      flights.set(key, flight);
      return flight;
    };
  };
  const [networks, volumes] = [single<void>(), single<boolean>()];
  return {
    ensureNetwork: (project, network) => networks(network.name, () => ensureNetwork({ connection, instance, pools }, project, network)),
    ensureVolume: (project, volume) => volumes(volume.name, () => ensureVolume(connection, instance, project, volume)),
    networks: () => networksOf(connection, instance),
    of: project => resourcesOf(connection, instance, project),
  };
}

/** Makes a volume unless it is there; resolves to whether it was missing. One that Compose made for this project is shared with it; a stranger's data is not taken by its name. */
async function ensureVolume(connection: EngineConnection, instance: string, project: string, spec: VolumeSpec): Promise<boolean> {
  const labels = await labelsOf(connection, spec.name);
  if (labels === null && spec.external) throw missing('volume', spec.name);
  if (labels !== null) {
    const owner = labels[LABEL.composeProject];
    if (!spec.external && owner !== project) throw stranger(project, spec.name, owner);
    return false;
  }
  // Creating a volume that exists answers with that one, so two creations do not race.
  await connection.call(`create volume ${spec.name}`, DEADLINE.slow, (client, abortSignal) =>
    client.createVolume({
      Name: spec.name,
      ...(spec.driver === null ? {} : { Driver: spec.driver }),
      DriverOpts: { ...spec.options },
      Labels: { ...spec.labels, ...volumeLabels(project, spec.key, instance) },
      abortSignal,
    }),
  );
  return true;
}

function stranger(project: string, name: string, owner: string | undefined): FailureError {
  const whose = owner === undefined ? 'is not a volume of a project' : `belongs to project ${owner}`;
  return new FailureError(
    failure('volume-clash', `Volume ${name} exists already and ${whose}`, { volume: name, project, owner: owner ?? null }, [
      'Declare the volume external to use what is in it (external: true), or give it another name',
    ]),
  );
}

/** Null: there is no such volume. */
async function labelsOf(connection: EngineConnection, name: string): Promise<NonNullable<Labels> | null> {
  try {
    const { Labels } = await connection.call(`inspect volume ${name}`, DEADLINE.quick, (client, abortSignal) =>
      client.getVolume(name).inspect({ abortSignal }),
    );
    return Labels ?? {};
  } catch (error) {
    if (engineStatusOf(error) === 404) return null;
    throw error;
  }
}

async function networksOf(connection: EngineConnection, instance: string): Promise<{ project: string; name: string }[]> {
  const label = [`${LABEL.instance}=${instance}`];
  const found = await connection.call('list networks', DEADLINE.quick, (client, abortSignal) =>
    client.listNetworks({ filters: { label }, abortSignal }),
  );
  return found.map(({ Name, Labels }) => ({ project: Labels?.[LABEL.composeProject] ?? '', name: Name }));
}

async function resourcesOf(connection: EngineConnection, instance: string, project: string): ReturnType<ProjectResources['of']> {
  const label = [`${LABEL.composeProject}=${project}`];
  const [networks, volumes] = await Promise.all([
    connection.call('list networks', DEADLINE.quick, (client, abortSignal) =>
      client.listNetworks({ filters: { label: [...label, `${LABEL.instance}=${instance}`] }, abortSignal }),
    ),
    connection.call('list volumes', DEADLINE.quick, (client, abortSignal) => client.listVolumes({ filters: { label }, abortSignal })),
  ]);
  // Data that Compose made for this project is the project's too; what another daemon made is not.
  const ours = (labels: Labels): boolean => (labels?.[LABEL.instance] ?? instance) === instance;
  return {
    networks: networks.map(each => each.Name).sort(),
    volumes: (volumes.Volumes ?? [])
      .filter(each => ours(each.Labels))
      .map(each => each.Name)
      .sort(),
  };
}
