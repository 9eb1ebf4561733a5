import type { NetworkAttachment, NetworkSpec, SubnetRange, VolumeSpec } from '../../../model/spec.js';
import type { Cursor } from '../tree/cursor.js';
import { pathAt } from '../tree/tree.js';
import { textsByKey } from './key-values.js';
import { DEFAULT_NETWORK } from './networks.js';
import { warnUnsupported } from './unsupported.js';

/** The networks that these services are in, in long form; `default` exists without being written. */
export function networkSpecs(model: Cursor, project: string, attachments: readonly NetworkAttachment[]): NetworkSpec[] {
  const used = new Set(attachments.map(({ network }) => network));
  const reserved = (key: string): string[] =>
    attachments.filter(({ network }) => network === key).flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6].filter(address => address !== null));
  const spec = (key: string, cursor: Cursor | null): NetworkSpec => networkSpec(key, cursor, project, [...new Set(reserved(key))].sort());
  const written = new Map(model.get('networks')?.entries() ?? []);
  const specs = [...written].filter(([key]) => used.has(key)).map(([key, cursor]) => spec(key, cursor));
  if (used.has(DEFAULT_NETWORK) && !written.has(DEFAULT_NETWORK)) specs.unshift(spec(DEFAULT_NETWORK, null));
  return specs;
}

function networkSpec(key: string, cursor: Cursor | null, project: string, reserved: readonly string[]): NetworkSpec {
  const ipam = cursor?.get('ipam') ?? null;
  if (cursor !== null) warnUnsupported(cursor, ['name', 'driver', 'driver_opts', 'external', 'internal', 'ipam', 'labels']);
  // `driver: default` is what is taken anyway.
  if (ipam !== null) warnUnsupported(ipam, ['config', ...(ipam.get('driver')?.text() === 'default' ? ['driver'] : [])]);
  const configs = ipam?.get('config')?.items() ?? [];
  for (const config of configs) warnUnsupported(config, ['subnet', 'ip_range', 'gateway', 'aux_addresses']);
  const ranges = configs.flatMap(rangeOf);
  return {
    key,
    ...identityOf(key, cursor, project, ['internal', 'ipam', 'driver', 'driver_opts', 'labels']),
    driver: cursor?.get('driver')?.text() ?? null,
    internal: cursor?.get('internal')?.boolean() ?? false,
    subnets: configs.flatMap(config => config.get('subnet')?.text() ?? []),
    ...(ranges.length > 0 ? { ranges } : {}),
    ...(reserved.length > 0 ? { reserved } : {}),
    options: textsByKey(cursor?.get('driver_opts') ?? null),
    labels: textsByKey(cursor?.get('labels') ?? null),
  };
}

/** Of an entry that says more than its subnet. */
function rangeOf(config: Cursor): SubnetRange[] {
  const text = (key: string): string | null => config.get(key)?.text() ?? null;
  const [range, gateway, aux] = [text('ip_range'), text('gateway'), textsByKey(config.get('aux_addresses'))];
  return range === null && gateway === null && Object.keys(aux).length === 0 ? [] : [{ subnet: text('subnet'), range, gateway, aux }];
}

/** The named volumes that are used, in long form. */
export function volumeSpecs(model: Cursor, project: string, used: ReadonlySet<string>): VolumeSpec[] {
  const written = model.get('volumes')?.entries() ?? [];
  return written.filter(([key]) => used.has(key)).map(([key, cursor]) => volumeSpec(key, cursor, project));
}

function volumeSpec(key: string, cursor: Cursor, project: string): VolumeSpec {
  warnUnsupported(cursor, ['name', 'driver', 'driver_opts', 'external', 'labels']);
  return {
    key,
    ...identityOf(key, cursor, project, ['driver', 'driver_opts', 'labels']),
    driver: cursor.get('driver')?.text() ?? null,
    options: volumeOptions(cursor),
    labels: textsByKey(cursor.get('labels')),
  };
}

/** `driver_opts`; the folder of a bind mount (`o: bind`) is a path like any other, relative to the file's folder. */
function volumeOptions(cursor: Cursor): Record<string, string> {
  const written = cursor.get('driver_opts');
  const options = textsByKey(written);
  const device = written?.get('device') ?? null;
  const driver = cursor.get('driver')?.text() ?? 'local';
  const text = device?.text() ?? '';
  if (device === null || text === '' || driver !== 'local' || !isBind(options['o'])) return options;
  return { ...options, device: pathAt(device.location, text) };
}

/** The options of mount(8) that make a folder appear in a second place, among others as `bind,ro`. */
function isBind(options: string | undefined): boolean {
  return options?.split(',').some(option => option.trim() === 'bind' || option.trim() === 'rbind') === true;
}

/** Name at the engine: `name`, the key of what exists already, or PROJECT_KEY. */
function identityOf(key: string, cursor: Cursor | null, project: string, settings: readonly string[]): { name: string; external: boolean } {
  const flag = cursor?.get('external') ?? null;
  // The old form `external: {name: …}` still means true.
  const external = flag !== null && (flag.isMap || flag.boolean() === true);
  const written = cursor?.get('name')?.text() || (flag?.isMap ? flag.get('name')?.text() : null);
  // A variable that is empty leaves the usual name: without one the engine would make something new each time.
  const name = written || (external ? key : `${project}_${key}`);
  if (external) for (const setting of settings) cursor?.get(setting)?.error('cannot be set for what exists already (external)');
  return { name, external };
}
