import type Dockerode from 'dockerode';
import type { ContainerSpec, NetworkAttachment, NetworkSpec, PortSpec, ServiceSpec } from '../../model/spec.js';
import { containerName } from './names.js';

/** A network as the container joins it; `name` is the engine's. */
export interface Attachment extends NetworkAttachment {
  readonly name: string;
}

/** The networks to join, in the file's order; none when `network_mode` says something else. */
export function attachments(spec: ServiceSpec, container: ContainerSpec, networks: readonly NetworkSpec[]): Attachment[] {
  if (container.networkMode !== null) return [];
  return container.networks.map(each => {
    const found = networks.find(network => network.key === each.network);
    // The Compose loader refuses unknown networks; a missing one here is a bug of ours.
    if (!found) throw new Error(`network ${each.network} of ${spec.name} is not among the project's networks`);
    return { ...each, name: found.name, aliases: [...new Set([spec.name, ...each.aliases])] };
  });
}

export function endpointSettings(attachment: Attachment): Dockerode.EndpointSettings {
  const { ipv4, ipv6 } = attachment;
  const address = { ...(ipv4 === null ? {} : { IPv4Address: ipv4 }), ...(ipv6 === null ? {} : { IPv6Address: ipv6 }) };
  return { Aliases: [...attachment.aliases], ...(ipv4 === null && ipv6 === null ? {} : { IPAMConfig: address }) };
}

/** `service:NAME` shares the namespace of that service's container, which goes by our naming rule. */
export function namespaceMode(mode: string, project: string): string {
  return mode.startsWith('service:') ? `container:${containerName(project, mode.slice('service:'.length))}` : mode;
}

/** An empty HostPort lets the engine pick a free one. */
export function portBindings(ports: readonly PortSpec[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const key = `${port.container}/${port.protocol}`;
    const list = bindings[key] ?? [];
    list.push({ HostIp: port.hostIp, HostPort: port.host === null ? '' : String(port.host) });
    bindings[key] = list;
  }
  return bindings;
}
