import { FailureError, failure } from '../core/failure.js';
import { LABEL } from '../core/labels.js';
import type { NetworkSpec } from '../core/model.js';
import type { Connection } from './connection.js';
import { DEADLINE } from './deadline.js';
import { statusOf } from './engine-failure.js';
import { missing } from './missing.js';
import { networkLabels } from './names.js';
import { explainClash } from './network-clash.js';

/** The parts of GET /networks/NAME that are read. */
interface Network {
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string | undefined }[] | null | undefined } | undefined;
}

/** Makes a network unless it is there; one of ours whose definition changed is made anew while nobody is in it. */
export async function ensureNetwork(connection: Connection, instance: string, project: string, spec: NetworkSpec): Promise<void> {
  const found = await inspect(connection, spec.name);
  if (!found && spec.external) throw missing('network', spec.name);
  if (found && (spec.external || isCurrent(found, instance, project, spec))) return;
  if (found) await removeChanged(connection, spec.name);
  await create(connection, instance, project, spec);
}

/** False: ours, with another definition. A network that Compose made for this project is shared with it; a stranger's is not joined. */
function isCurrent(found: Network, instance: string, project: string, spec: NetworkSpec): boolean {
  const labels = found.Labels ?? {};
  const owner = labels[LABEL.composeProject];
  if (owner !== project) throw stranger(project, spec.name, owner);
  return labels[LABEL.instance] !== instance || sameDefinition(found, spec);
}

/** What the file leaves open is the engine's choice and no difference. Pure. */
export function sameDefinition(found: Network, spec: NetworkSpec): boolean {
  const subnets = (found.IPAM?.Config ?? []).map(each => each.Subnet ?? '').sort();
  return (
    (spec.driver === null || spec.driver === found.Driver) &&
    spec.internal === (found.Internal ?? false) &&
    (spec.subnets.length === 0 || [...spec.subnets].sort().join() === subnets.join())
  );
}

function stranger(project: string, name: string, owner: string | undefined): FailureError {
  const whose = owner === undefined ? 'is not a network of a project' : `belongs to project ${owner}`;
  return new FailureError(
    failure('network-clash', `Network ${name} exists already and ${whose}`, { network: name, project, owner: owner ?? null }, [
      `Remove it (docker network rm ${name}), rename the project, or declare the network external`,
    ]),
  );
}

async function removeChanged(connection: Connection, name: string): Promise<void> {
  try {
    await connection.call(`remove network ${name}`, DEADLINE.slow, (client, abortSignal) =>
      client.getNetwork(name).remove({ abortSignal }),
    );
  } catch (error) {
    if (statusOf(error) === 404) return;
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError(
      failure('network-clash', `Network ${name} has another definition now, and cannot be made anew: ${error.message}`, { network: name }, [
        'Take the project down and up again (laptop-dev down, then up)',
      ]),
    );
  }
}

async function create(connection: Connection, instance: string, project: string, spec: NetworkSpec): Promise<void> {
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
    if (error instanceof FailureError && /already (?:exists|used)/.test(error.message) && (await inspect(connection, spec.name))) return;
    throw await explainClash(connection, spec, error);
  }
}

/** Null: there is no such network. */
async function inspect(connection: Connection, name: string): Promise<Network | null> {
  try {
    return await connection.call(`inspect network ${name}`, DEADLINE.quick, client => client.getNetwork(name).inspect());
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
