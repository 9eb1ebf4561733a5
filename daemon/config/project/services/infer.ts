import { tcpPortsOf } from '../../../model/listeners.js';
import { protocolOfNumber } from '../../../model/protocols.js';
import type { ContainerSpec, Memory, Protocol, Runtime } from '../../../model/spec.js';
import { type Bytes, GiB, KiB, MiB } from '../../../shared/bytes.js';

/** Settings inferred from a service's image, for keys that no source sets. */
export interface InferredSettings {
  readonly memory: Memory;
  /** Of the service as a whole; each of its ports may speak another one (model/protocols). */
  readonly protocol: Protocol;
  readonly protocolFrom: 'image' | 'port';
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

export function inferSettings(
  container: Pick<ContainerSpec, 'image' | 'ports' | 'expose' | 'environment' | 'entrypoint' | 'command'>,
): InferredSettings {
  const name = imageName(container.image);
  const known = KNOWN.find(row => row.image.test(name));
  const [standard, maximum] = known?.memory ?? DEFAULT_MEMORY;
  return {
    memory: beyondHeap({ standard: megabytes(standard), maximum: megabytes(maximum) }, container),
    protocol: known?.protocol ?? protocolByPort(container),
    protocolFrom: known?.protocol === undefined ? 'port' : 'image',
    runtime: known?.runtime ?? null,
  };
}

/** Beside the heap: metaspace, code, threads, buffers of a JVM; what V8 keeps outside of it. */
const BESIDE_HEAP = 256 * MiB;
const UNITS: Readonly<Record<string, Bytes>> = { k: KiB, m: MiB, g: GiB };

/** A heap that is written (-Xms, -Xmx of a JVM, --max-old-space-size of Node, in the command or a variable) is a figure to go by. */
function beyondHeap(
  usual: Memory,
  { environment, entrypoint, command }: Pick<ContainerSpec, 'environment' | 'entrypoint' | 'command'>,
): Memory {
  const text = [...Object.values(environment), ...(entrypoint ?? []), ...(command ?? [])].join(' ');
  const largest = (pattern: RegExp, unit?: Bytes) =>
    Math.max(
      0,
      ...[...text.matchAll(pattern)].map(([, figure, letter]) => Number(figure) * (unit ?? UNITS[letter?.toLowerCase() ?? ''] ?? 1)),
    );
  const least = largest(/-Xms(\d{1,12})([kmg])?(?![\w])/gi);
  const most = Math.max(least, largest(/-Xmx(\d{1,12})([kmg])?(?![\w])/gi), largest(/--max[-_]old[-_]space[-_]size[= ](\d{1,9})/g, MiB));
  return {
    standard: Math.max(usual.standard, least === 0 ? 0 : least + BESIDE_HEAP),
    maximum: Math.max(usual.maximum, most === 0 ? 0 : most + BESIDE_HEAP),
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

/** The protocol of the first port whose number stands for one of http, postgres or redis; else tcp. */
function protocolByPort(container: Pick<ContainerSpec, 'ports' | 'expose'>): Protocol {
  return (
    tcpPortsOf(container)
      .map(protocolOfNumber)
      .find(found => found === 'http' || found === 'postgres' || found === 'redis') ?? 'tcp'
  );
}

function megabytes(figure: number): Bytes {
  return figure * MiB;
}
