import { FailureError, failure } from '../core/failure.js';
import { LABEL } from '../core/labels.js';
import type { NetworkSpec, VolumeSpec } from '../core/model.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { statusOf } from './engine-failure.js';
import { networkLabels, volumeLabels } from './names.js';
import { explainClash } from './network-clash.js';

/** Networks and volumes of projects. */
export interface Resources {
  ensureNetwork(project: string, network: NetworkSpec): Promise<void>;
  ensureVolume(project: string, volume: VolumeSpec): Promise<void>;
  of(project: string): Promise<{ readonly networks: readonly string[]; readonly volumes: readonly string[] }>;
}

type Labels = Readonly<Record<string, string>> | null | undefined;

export function createResources(connection: Connection, instance: string): Resources {
  /** One creation per name at a time: an engine makes two networks of one name when it is asked twice at once. */
  const flights = new Map<string, Promise<void>>();
  const single = (key: string, run: () => Promise<void>): Promise<void> => {
    const flight = flights.get(key) ?? run().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
  return {
    ensureNetwork: (project, network) => single(`network ${network.name}`, () => ensureNetwork(connection, instance, project, network)),
    ensureVolume: (project, volume) => single(`volume ${volume.name}`, () => ensureVolume(connection, instance, project, volume)),
    of: project => resourcesOf(connection, instance, project),
  };
}

async function ensureNetwork(connection: Connection, instance: string, project: string, spec: NetworkSpec): Promise<void> {
  const found = await networkLabelsOf(connection, spec.name);
  if (found) {
    if (!spec.external) refuseStranger(project, spec.name, found);
    return;
  }
  if (spec.external) throw missing('network', spec.name);
  try {
    await connection.call(`create network ${spec.name}`, DEADLINE.slow, (client, abortSignal) =>
      client.createNetwork({
        Name: spec.name,
        // Without it, engines before API 1.44 accept a second network of the same name.
        CheckDuplicate: true,
        ...(spec.driver === null ? {} : { Driver: spec.driver }),
        Internal: spec.internal,
        Options: { ...spec.options },
        Labels: { ...spec.labels, ...networkLabels(project, spec.key, instance) },
        ...(spec.subnets.length === 0 ? {} : { IPAM: { Config: spec.subnets.map(Subnet => ({ Subnet })) } }),
        abortSignal,
      }),
    );
  } catch (error) {
    // Made by somebody else meanwhile: look again, as if it had been there.
    if (error instanceof FailureError && /already (?:exists|used)/.test(error.message) && (await networkLabelsOf(connection, spec.name)))
      return;
    throw await explainClash(connection, spec, error);
  }
}

/** A network that Compose made for this project is shared with it; one of somebody else is not joined behind their back. */
function refuseStranger(project: string, name: string, labels: Readonly<Record<string, string>>): void {
  const owner = labels[LABEL.composeProject];
  if (owner === project) return;
  const whose = owner === undefined ? 'is not a network of a project' : `belongs to project ${owner}`;
  throw new FailureError(
    failure('network-clash', `Network ${name} exists already and ${whose}`, { network: name, project, owner: owner ?? null }, [
      `Remove it (docker network rm ${name}), rename the project, or declare the network external`,
    ]),
  );
}

/** Null: there is no such network. */
async function networkLabelsOf(connection: Connection, name: string): Promise<Readonly<Record<string, string>> | null> {
  try {
    const network: { Labels?: Labels } = await connection.call(`inspect network ${name}`, DEADLINE.quick, client =>
      client.getNetwork(name).inspect(),
    );
    return network.Labels ?? {};
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

async function ensureVolume(connection: Connection, instance: string, project: string, spec: VolumeSpec): Promise<void> {
  if (await volumeExists(connection, spec.name)) return;
  if (spec.external) throw missing('volume', spec.name);
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
}

async function volumeExists(connection: Connection, name: string): Promise<boolean> {
  try {
    await connection.call(`inspect volume ${name}`, DEADLINE.quick, (client, abortSignal) =>
      client.getVolume(name).inspect({ abortSignal }),
    );
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

function missing(kind: 'network' | 'volume', name: string): FailureError {
  return new FailureError(
    failure('config-missing', `The external ${kind} ${name} does not exist`, { [kind]: name }, [
      `Create it: docker ${kind} create ${name}`,
    ]),
  );
}

async function resourcesOf(connection: Connection, instance: string, project: string): ReturnType<Resources['of']> {
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
