import { isPrivateSubnet } from '../../shared/cidr.js';
import { isWithin } from '../../shared/paths.js';
import { looksSecret, withoutSecrets } from '../../shared/redact.js';
import type { ContainerSpec, NetworkSpec, VolumeSpec } from '../spec.js';
import type { RiskPoint } from './risk.js';

/** Drivers that keep the output beside the container or in the machine's journal, under names that the engine chooses. */
const LOG_DRIVERS = new Set(['', 'json-file', 'local', 'journald', 'k8s-file', 'none']);
/** Their options that hold no path and no address (Docker's and Podman's documentation of logging drivers). */
const LOG_OPTIONS = new Set(
  'max-size max-file max-buffer-size compress labels labels-regex env env-regex tag mode cache-disabled cache-max-size cache-max-file cache-compress'.split(
    ' ',
  ),
);

/** Drivers and options pass by a list of the harmless ones: an unknown plugin sends the output wherever it is told to, as root. */
export function loggingRisks(logging: ContainerSpec['logging']): RiskPoint[] {
  if (logging === null) return [];
  const entries = Object.entries(logging.options);
  if (!LOG_DRIVERS.has(logging.driver)) {
    const options = entries.filter(([key]) => !LOG_OPTIONS.has(key)).map(shown);
    const what = `logging: ${[logging.driver, ...options].join(' ')}`;
    return [{ what, why: 'the engine sends the output to a program or file outside the project, as root', at: { key: 'logging' } }];
  }
  return entries
    .filter(([key]) => !LOG_OPTIONS.has(key))
    .map(entry => ({
      what: `logging option ${shown(entry)}`,
      why: entry[0] === 'path' ? 'the engine writes this file, as root' : 'not an option that is known to be harmless',
      at: { key: 'logging', entry: entry[0] },
    }));
}

/** An option as it stands, without what looks like a secret. */
function shown([key, value]: readonly [string, string]): string {
  return looksSecret(key) ? `${key}=…` : `${key}=${withoutSecrets(value)}`;
}

const NETWORK_DRIVERS: readonly (string | null)[] = [null, '', 'bridge', 'default', 'none', 'null'];
/** Options of a bridge that reach no further than the bridge itself; with a pattern where only some values do. */
const NETWORK_OPTIONS: Readonly<Record<string, RegExp>> = {
  'com.docker.network.bridge.enable_icc': /^/,
  'com.docker.network.bridge.enable_ip_masquerade': /^/,
  'com.docker.network.bridge.host_binding_ipv4': /^127\.\d+\.\d+\.\d+$/,
  'com.docker.network.bridge.gateway_mode_ipv4': /^(nat|isolated)?$/,
  'com.docker.network.bridge.gateway_mode_ipv6': /^(nat|isolated)?$/,
  'com.docker.network.container_iface_prefix': /^/,
  'com.docker.network.driver.mtu': /^/,
  'com.docker.network.enable_ipv4': /^/,
  'com.docker.network.enable_ipv6': /^/,
  mtu: /^/,
  isolate: /^/,
};

type Said<Key extends keyof NetworkSpec> = Exclude<NetworkSpec[Key], undefined>;
type NetworkJudge<Key extends keyof NetworkSpec> = (value: Said<Key>, network: NetworkSpec) => RiskPoint[];

/** For each key of a network, what of it is a power; null: nothing. */
const NETWORK_POWERS: { readonly [Key in keyof NetworkSpec]-?: NetworkJudge<Key> | null } = {
  key: null,
  name: name => (isMachine(name) ? [{ what: `network ${name}`, why: 'the network of the machine itself', at: { key: 'name' } }] : []),
  external: (external, { name }) =>
    external && !isMachine(name)
      ? [
          {
            what: `external: ${name}`,
            why: "another project's network: its services are reached, and reach this one",
            at: { key: 'external' },
          },
        ]
      : [],
  driver: driver => (NETWORK_DRIVERS.includes(driver) ? [] : [{ what: `driver ${driver}`, why: driverWhy(driver), at: { key: 'driver' } }]),
  internal: null,
  subnets: subnets =>
    subnets
      .filter(subnet => !isPrivateSubnet(subnet))
      .map(subnet => ({
        what: `subnet ${subnet}`,
        why: 'not a private range: what this machine sends there goes into a container',
        at: { key: 'ipam', entry: subnet },
      })),
  // An entry may name a range or a gateway without the subnet that they are of.
  ranges: ranges =>
    ranges
      .flatMap(({ range, gateway }) => [
        ...(range === null ? [] : [range]),
        ...(gateway === null ? [] : [`${gateway}/${gateway.includes(':') ? 128 : 32}`]),
      ])
      .filter(block => !isPrivateSubnet(block))
      .map(block => ({
        what: `addresses ${block}`,
        why: 'not of a private range: what this machine sends there goes into a container',
        at: { key: 'ipam', entry: block },
      })),
  // Addresses that its services have for themselves: kept free, no more.
  reserved: null,
  options: options =>
    Object.entries(options)
      .filter(([key, value]) => !Object.hasOwn(NETWORK_OPTIONS, key) || NETWORK_OPTIONS[key]?.test(value) !== true)
      .map(([key, value]) => ({
        what: `option ${key}=${value}`,
        why: 'reaches the networks of this machine, or is not known to be harmless',
        at: { key: 'driver_opts', entry: key },
      })),
  labels: null,
};

/** A network can be the machine's own by another way than network_mode, or a card of it, or somebody else's. */
export function networkRisks(network: NetworkSpec): RiskPoint[] {
  const judged = <Key extends keyof NetworkSpec>(key: Key): RiskPoint[] => {
    const value = network[key];
    const judge = NETWORK_POWERS[key] as NetworkJudge<Key> | null;
    return value === undefined ? [] : (judge?.(value as Said<Key>, network) ?? []);
  };
  return (Object.keys(NETWORK_POWERS) as (keyof NetworkSpec)[]).flatMap(judged);
}

/** Names that the engine takes for a mode instead of a network. */
function isMachine(name: string): boolean {
  return /^(host$|container:|ns:)/.test(name);
}

function driverWhy(driver: string | null): string {
  if (driver === 'host') return 'the network of the machine itself';
  if (driver === 'macvlan' || driver === 'ipvlan') return 'containers appear beside the machine in its own network';
  return 'not the bridge of a machine: what it connects is not known';
}

/** For each key of a volume, whether a power can be in it. */
const VOLUME_POWERS: { readonly [Key in keyof VolumeSpec]: ((volume: VolumeSpec, root: string) => RiskPoint[]) | null } = {
  key: null,
  // A name of one's own choice is no power: a volume of that name that another project has is not taken (engine/networks/resources).
  name: null,
  external: ({ external, name }) =>
    external ? [{ what: `external: ${name}`, why: 'the data of another project or program', at: { key: 'external' } }] : [],
  driver: ({ driver }) =>
    driver === null || driver === '' || driver === 'local'
      ? []
      : [{ what: `driver ${driver}`, why: 'a plugin, which runs outside the containers of the project', at: { key: 'driver' } }],
  options: optionRisks,
  labels: null,
};

export function volumeRisks(volume: VolumeSpec, root: string): RiskPoint[] {
  return Object.values(VOLUME_POWERS).flatMap(judge => judge?.(volume, root) ?? []);
}

/** Flags of mount(8) that take what is there already instead of making something new, or carry mounts to the outside. */
const TAKING = new Set(['bind', 'rbind', 'move', 'remount', 'shared', 'rshared']);

/** Options of the `local` driver are arguments of mount(8): they can put any folder or disk of the machine into a volume. */
function optionRisks(volume: VolumeSpec, root: string): RiskPoint[] {
  const entries = Object.entries(volume.options);
  if (entries.length === 0) return [];
  const type = volume.options['type'] ?? '';
  const flags = (volume.options['o'] ?? '').split(',').filter(option => TAKING.has(option.trim()));
  const harmless = /^(tmpfs|nfs4?|cifs)$/.test(type) || entries.every(([key]) => key === 'size');
  if ((harmless && flags.length === 0) || folderOf(volume, root) !== null) return [];
  const what = entries.map(shown).join(' ');
  return [{ what, why: 'the volume shows a folder or a disk of this machine', at: { key: 'driver_opts' } }];
}

/** The folder of the project that a volume is a bind of, which is no more than a bind mount of it; null: it is none. */
export function folderOf(volume: VolumeSpec, root: string): string | null {
  const flags = (volume.options['o'] ?? '').split(',').filter(option => TAKING.has(option.trim()));
  const device = volume.options['device'] ?? '';
  const binds = flags.length > 0 && flags.every(flag => flag === 'bind' || flag === 'rbind');
  return binds && isWithin(root, device) ? device : null;
}
