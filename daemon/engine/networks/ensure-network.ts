import type Dockerode from 'dockerode';
import { type RequestedSubnet, requestedSubnets } from '../../model/addressing.js';
import { LABEL } from '../../model/labels.js';
import type { NetworkSpec } from '../../model/spec.js';
import { parseBlock } from '../../shared/cidr.js';
import { FailureError, failure } from '../../shared/failure.js';
import { saysExists } from '../client/classify.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { engineStatusOf } from '../client/engine-failure.js';
import { networkLabels } from '../mapping/names.js';
import { missing } from './missing.js';
import { explainClash, subnetsOf } from './network-clash.js';
import { chooseSubnet, hostRoutes } from './own-subnet.js';

/** The parts of GET /networks/NAME that are read. */
interface Network {
  readonly Driver?: string;
  readonly Internal?: boolean;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly IPAM?: { readonly Config?: readonly SubnetSeen[] | null | undefined } | undefined;
}
type NetworkConfig = NonNullable<NonNullable<Dockerode.NetworkCreateOptions['IPAM']>['Config']>[number];
interface SubnetSeen {
  readonly Subnet?: string | undefined;
  readonly IPRange?: string | undefined;
  readonly Gateway?: string | undefined;
  readonly AuxiliaryAddresses?: Readonly<Partial<Record<string, string>>> | null | undefined;
}

/** Whose networks are made, and where they get subnets from that the file does not name; null: from the engine. */
interface NetworkMaker {
  readonly connection: EngineConnection;
  readonly instance: string;
  readonly pools: readonly string[] | null;
}

/** Makes a network unless it is there; one of ours whose definition changed is made anew while nobody is in it. */
export async function ensureNetwork(maker: NetworkMaker, project: string, spec: NetworkSpec): Promise<void> {
  const { connection, instance } = maker;
  const found = await inspect(connection, spec.name);
  if (!found && spec.external) throw missing('network', spec.name);
  if (found && (spec.external || isCurrent(found, instance, project, spec))) {
    if (spec.external || !isOurs(found, instance) || (await hasItsRanges(connection, found, spec))) return;
    // With what runs in it it goes on as it is: who needs another range takes the project down and up.
    if (!(await removedUnlessUsed(connection, spec.name))) return;
  } else if (found) await removeChanged(connection, spec.name);
  await create(maker, project, spec);
}

function isOurs(found: Network, instance: string): boolean {
  return found.Labels?.[LABEL.instance] === instance;
}

/** False: ours, with another definition. A network that Compose made for this project is shared with it; a stranger's is not joined. */
function isCurrent(found: Network, instance: string, project: string, spec: NetworkSpec): boolean {
  const owner = found.Labels?.[LABEL.composeProject];
  if (owner !== project) throw stranger(project, spec.name, owner);
  return !isOurs(found, instance) || sameDefinition(found, spec);
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

/** Podman tells of ranges in words of its own: there they are as they were made. */
async function hasItsRanges(connection: EngineConnection, found: Network, spec: NetworkSpec): Promise<boolean> {
  const requested = requestedSubnets(spec).filter(each => each.range !== null || each.gateway !== null || Object.keys(each.aux).length > 0);
  return requested.length === 0 || (await connection.facts()).kind === 'podman' || sameRanges(found, requested);
}

/** Pure. */
function sameRanges({ IPAM }: Network, requested: readonly RequestedSubnet[]): boolean {
  return requested.every(each => {
    const seen = (IPAM?.Config ?? []).find(({ Subnet }) => isSame(Subnet, each.subnet));
    const aux = (addresses: Readonly<Partial<Record<string, string>>>): string => Object.entries(addresses).sort().join();
    return (
      seen !== undefined &&
      isSame(seen.IPRange, each.range) &&
      (each.gateway === null || isSame(seen.Gateway, each.gateway)) &&
      aux(seen.AuxiliaryAddresses ?? {}) === aux(each.aux)
    );
  });
}

function isSame(one: string | undefined, two: string | null): boolean {
  const [a, b] = [parseBlock(one ?? ''), parseBlock(two ?? '')];
  return a === null || b === null ? (one || null) === (two || null) : a.first === b.first && a.prefix === b.prefix;
}

function stranger(project: string, name: string, owner: string | undefined): FailureError {
  const whose = owner === undefined ? 'is not a network of a project' : `belongs to project ${owner}`;
  return new FailureError(
    failure('network-clash', `Network ${name} exists already and ${whose}`, { network: name, project, owner: owner ?? null }, [
      `Remove it (docker network rm ${name}), rename the project, or declare the network external`,
    ]),
  );
}

async function removeChanged(connection: EngineConnection, name: string): Promise<void> {
  try {
    await connection.call(`remove network ${name}`, DEADLINE.slow, (client, abortSignal) =>
      client.getNetwork(name).remove({ abortSignal }),
    );
  } catch (error) {
    if (engineStatusOf(error) === 404) return;
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError(
      failure('network-clash', `Network ${name} has another definition now, and cannot be made anew: ${error.message}`, { network: name }, [
        'Take the project down and up again (laptop-dev down, then up)',
      ]),
    );
  }
}

/** False: something is in it. */
async function removedUnlessUsed(connection: EngineConnection, name: string): Promise<boolean> {
  try {
    await removeChanged(connection, name);
    return true;
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'network-clash') return false;
    throw error;
  }
}

/** Another daemon, or another tool, may take the subnet that was free a moment ago. */
const TRIES = 8;

async function create(maker: NetworkMaker, project: string, spec: NetworkSpec): Promise<void> {
  const requested = requestedSubnets(spec);
  if (requested.length > 0 || !(await choosesItself(maker, spec))) return createWith(maker, project, spec, requested);
  const taken = (await subnetsOf(maker.connection)).flatMap(({ subnets }) => subnets);
  for (let tried = 1; tried <= TRIES; tried += 1) {
    const chosen = chooseSubnet(spec.name, maker.pools ?? [], taken, hostRoutes());
    if (chosen === null) break;
    try {
      return await createWith(maker, project, spec, [{ ...chosen, range: null, aux: {} }]);
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code !== 'network-clash') throw error;
      taken.push(chosen.subnet);
    }
  }
  await createWith(maker, project, spec, []);
}

/** Podman has pools of its own for thousands of networks; other drivers than bridge know their subnets themselves. */
async function choosesItself({ connection, pools }: NetworkMaker, { driver }: NetworkSpec): Promise<boolean> {
  if (pools === null || (driver !== null && driver !== 'bridge')) return false;
  const { kind, ownPools } = await connection.facts();
  return kind === 'docker' && !ownPools;
}

async function createWith(
  { connection, instance }: NetworkMaker,
  project: string,
  spec: NetworkSpec,
  requested: readonly RequestedSubnet[],
): Promise<void> {
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
        ...(requested.length === 0 ? {} : { IPAM: { Config: requested.map(configOf) } }),
        abortSignal,
      }),
    );
  } catch (error) {
    // Made by somebody else meanwhile: look again, as if it had been there.
    if (error instanceof FailureError && saysExists(error.failure) && (await inspect(connection, spec.name))) return;
    throw await explainClash(connection, instance, spec, error);
  }
}

function configOf({ subnet, range, gateway, aux }: RequestedSubnet): NetworkConfig {
  const named = Object.keys(aux).length === 0 ? {} : { AuxiliaryAddresses: aux };
  return {
    ...(subnet === null ? {} : { Subnet: subnet }),
    ...(range === null ? {} : { IPRange: range }),
    ...(gateway === null ? {} : { Gateway: gateway }),
    ...named,
  };
}

/** Null: there is no such network. */
async function inspect(connection: EngineConnection, name: string): Promise<Network | null> {
  try {
    return await connection.call(`inspect network ${name}`, DEADLINE.quick, client => client.getNetwork(name).inspect());
  } catch (error) {
    if (engineStatusOf(error) === 404) return null;
    throw error;
  }
}
