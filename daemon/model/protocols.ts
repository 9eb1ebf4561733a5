import { tcpPortsOf } from './listeners.js';
import type { Protocol, ServiceSpec } from './spec.js';

/**
 * How a port's protocol is known. written: a person has said so, of this port or of a service that has no other. known: image or person and
 * the registered number agree. seen: server or client have spoken it. guessed: by the number or the image alone; gives way to what is seen.
 */
export type ProtocolSource = 'written' | 'known' | 'seen' | 'guessed';

export interface Speech {
  readonly protocol: Protocol;
  readonly source: ProtocolSource;
}

/**
 * Registered numbers (IANA, and the defaults of well-known servers). Where the server speaks first, or nobody here knows the protocol, it
 * is tcp: that always works.
 */
const REGISTERED: Readonly<Record<number, Protocol>> = {
  ...of(
    'tcp',
    20,
    21,
    22,
    23,
    25,
    53,
    88,
    110,
    111,
    119,
    135,
    139,
    143,
    194,
    389,
    445,
    514,
    543,
    548,
    554,
    587,
    873,
    1025,
    1080,
    1433,
    1521,
  ),
  ...of(
    'tcp',
    1883,
    2049,
    2181,
    2525,
    3128,
    3306,
    3307,
    3310,
    3389,
    4222,
    4369,
    5222,
    5269,
    5671,
    5672,
    5900,
    5901,
    6000,
    6667,
    7687,
    9042,
  ),
  ...of('tcp', 9092, 9093, 9094, 11211, 11300, 25672, 27017, 27018, 27019, 33060, 50051, 61613, 61616),
  ...of('tls', 443, 465, 563, 636, 853, 989, 990, 993, 995, 8443, 8883, 9443),
  ...of('postgres', 5432, 5433, 6432, 26257),
  ...of('redis', 6379, 6380, 26379),
};

/** Numbers that web servers like to take: a weaker sign than a registered one. */
const WEB = [80, 3000, 3001, 4000, 4200, 5000, 5173, 8000, 8001, 8080, 8081, 8888, 9200];

/** By the number alone; null: it says nothing. */
export function protocolOfNumber(port: number): Protocol | null {
  return REGISTERED[port] ?? (WEB.includes(port) ? 'http' : null);
}

/** What a container port of a service speaks. `seen`: what was heard there, null: nothing yet. */
export function speechOf(
  spec: Pick<ServiceSpec, 'activation' | 'protocol' | 'container'>,
  port: number,
  seen: Protocol | null | undefined = null,
): Speech {
  const written = spec.activation.protocols[port];
  if (written !== undefined) return { protocol: written, source: 'written' };
  const { protocol, activation } = spec;
  const isOnly = activation.protocolFrom === 'person' && (protocol === 'tcp' || hasNoOther(spec, port));
  if (isOnly) return { protocol, source: 'written' };
  if (seen) return { protocol: seen, source: 'seen' };
  const number = protocolOfNumber(port);
  switch (activation.protocolFrom) {
    case 'person': {
      // Said of a service with several ports: a web server's usual number does not outweigh it, a registered one does.
      const other = REGISTERED[port];
      if (number === protocol) return { protocol, source: 'known' };
      return { protocol: other ?? protocol, source: 'guessed' };
    }
    case 'image':
      return number === protocol ? { protocol, source: 'known' } : { protocol: number ?? protocol, source: 'guessed' };
    case 'port':
      return { protocol: number ?? 'tcp', source: 'guessed' };
  }
}

/** Whether nothing that is heard would change what the port is taken for. */
export function isCertain({ source }: Speech): boolean {
  return source !== 'guessed';
}

function hasNoOther({ container }: Pick<ServiceSpec, 'container'>, port: number): boolean {
  const ports = tcpPortsOf(container);
  return ports.length === 0 || (ports.length === 1 && ports[0] === port);
}

function of(protocol: Protocol, ...ports: readonly number[]): Record<number, Protocol> {
  return Object.fromEntries(ports.map(port => [port, protocol]));
}
