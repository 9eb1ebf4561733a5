import { type Bytes, MiB } from '../core/bytes.js';
import type { ContainerSpec, Memory, Protocol, Runtime } from '../core/model.js';

/** What is known of a service by the image it runs, for keys that nobody has set. */
export interface Guess {
  readonly memory: Memory;
  readonly protocol: Protocol;
  readonly runtime: Runtime | null;
}

interface Known {
  /** Matched against the image's name without registry, tag and digest. */
  readonly image: RegExp;
  readonly memory?: readonly [standard: number, maximum: number];
  readonly protocol?: Protocol;
  readonly runtime?: Runtime;
}

/** MB. The first row that matches counts. Figures: what the official images hold at rest and under a developer's load, rounded up. */
const KNOWN: readonly Known[] = [
  { image: /^laptop-dev\/api$/, protocol: 'http', runtime: 'node' },
  // Tuning writes the command, so it goes by images whose entrypoint is known: the official ones and those built on them.
  {
    image: /^(library\/postgres|postgres|laptop-dev\/postgres|postgis\/postgis|pgvector\/pgvector)$/,
    protocol: 'postgres',
    runtime: 'postgres',
  },
  { image: /(^|\/)(postgres(ql)?|timescaledb(-ha)?)$/, protocol: 'postgres' },
  { image: /^(library\/redis|redis|laptop-dev\/redis)$/, memory: [128, 256], protocol: 'redis', runtime: 'redis' },
  { image: /(^|\/)(redis|redis-stack(-server)?|valkey|keydb|dragonfly)$/, memory: [128, 256], protocol: 'redis' },
  { image: /(^|\/)(memcached)$/, memory: [64, 128] },
  { image: /(^|\/)(nginx|caddy|traefik|haproxy|httpd)$/, memory: [64, 128], protocol: 'http' },
  { image: /(^|\/)minio$/, protocol: 'http' },
  { image: /(^|\/)(mysql|mariadb|mongo|mongodb)$/, memory: [512, 1024] },
  { image: /(^|\/)(elasticsearch|opensearch|kafka|cp-kafka|cassandra|solr|neo4j|keycloak)$/, memory: [1024, 2048] },
  { image: /(^|\/)(openjdk|eclipse-temurin|amazoncorretto|ibm-semeru-runtimes|tomcat|jetty)$/, memory: [512, 1024], runtime: 'jvm' },
  { image: /(^|\/)node$/, runtime: 'node' },
  { image: /(^|\/)python$/, runtime: 'python' },
];

const DEFAULT_MEMORY = [256, 512] as const;
const HTTP_PORTS = new Set([80, 3000, 4000, 4200, 5000, 5173, 8000, 8080, 8081, 8888]);
const PROTOCOL_OF_PORT: Readonly<Record<number, Protocol>> = { 5432: 'postgres', 6379: 'redis' };

export function guess(container: Pick<ContainerSpec, 'image' | 'ports' | 'expose'>): Guess {
  const name = imageName(container.image);
  const known = KNOWN.find(row => row.image.test(name));
  const [standard, maximum] = known?.memory ?? DEFAULT_MEMORY;
  return {
    memory: { standard: megabytes(standard), maximum: megabytes(maximum) },
    protocol: known?.protocol ?? protocolByPort(container),
    runtime: known?.runtime ?? null,
  };
}

/** `registry:5000/team/app:1.2@sha256:…` → `team/app`. */
export function imageName(image: string): string {
  const [path = ''] = image.split('@');
  const parts = path.replace(/:[^/:]*$/, '').split('/');
  // A first part with a dot or a colon, or localhost, is a registry (distribution/reference).
  if (parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '')) parts.shift();
  return parts.join('/');
}

function protocolByPort(container: Pick<ContainerSpec, 'ports' | 'expose'>): Protocol {
  const ports = [
    ...container.ports.filter(port => port.protocol === 'tcp').map(port => port.container),
    ...container.expose.map(Number.parseFloat),
  ];
  const first = ports.find(port => port in PROTOCOL_OF_PORT || HTTP_PORTS.has(port));
  if (first === undefined) return 'tcp';
  return PROTOCOL_OF_PORT[first] ?? 'http';
}

function megabytes(figure: number): Bytes {
  return figure * MiB;
}
