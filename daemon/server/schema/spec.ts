import { z } from 'zod';
import { NAME, SERVICE_NAME } from '../../shared/names.js';

/** Words of the schemas that requests are made of. */
export const projectNameSchema = z.string().regex(NAME).describe('Name of a project');
/** As Compose allows it (letters of both cases, dots), without what could climb a path. */
export const serviceNameSchema = z.string().regex(SERVICE_NAME).describe('Name of a service');

const text = z.string().max(65_536);
const texts = z.array(text).max(1_000);
const record = z.record(z.string().max(1_024), text);
const count = z.int().nonnegative();
const bytes = count.describe('Bytes');
const ms = z.number().nonnegative().describe('Milliseconds');
const port = z.int().min(1).max(65_535);
const names = z.array(serviceNameSchema).max(1_000);

const memory = z.strictObject({
  standard: bytes,
  maximum: bytes,
  guessed: z.boolean().optional().describe('No file names the figures: they rise with the observed use while the budget has room'),
});
const dependency = z.strictObject({
  service: serviceNameSchema,
  condition: z.enum(['started', 'healthy', 'completed']),
  required: z.boolean(),
});
const restart = z.strictObject({ policy: z.enum(['no', 'on-failure', 'always']), maxRetries: count.nullable() });

const build = z.strictObject({
  context: text,
  dockerfile: text.nullable(),
  dockerfileInline: text.nullable(),
  target: text.nullable(),
  args: record,
  labels: record,
});
const portSpec = z.strictObject({
  hostIp: text,
  host: port.nullable(),
  container: port,
  protocol: z.enum(['tcp', 'udp']),
});
const mount = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bind'),
    source: text,
    target: text,
    readOnly: z.boolean(),
    createSource: z.boolean(),
    propagation: text.nullable(),
  }),
  z.strictObject({
    kind: z.literal('volume'),
    volume: text.nullable(),
    target: text,
    readOnly: z.boolean(),
    noCopy: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal('tmpfs'),
    target: text,
    size: bytes.nullable(),
    mode: count.nullable(),
    options: text.nullable(),
  }),
  z.strictObject({ kind: z.literal('content'), text: z.string().max(524_288), target: text, mode: count }),
]);
const healthcheck = z.strictObject({
  test: texts,
  interval: ms.nullable(),
  timeout: ms.nullable(),
  startPeriod: ms.nullable(),
  startInterval: ms.nullable(),
  retries: count.nullable(),
});
const attachment = z.strictObject({ network: text, aliases: texts, ipv4: text.nullable(), ipv6: text.nullable() });
const ulimit = z.strictObject({ name: text, soft: z.int(), hard: z.int() });

const deviceRequest = z.strictObject({
  driver: text.nullable(),
  count: z.int(),
  ids: texts,
  capabilities: texts,
  options: record,
});

const container = z.strictObject({
  image: text,
  build: build.nullable(),
  pull: z.enum(['missing', 'always', 'never', 'build']),
  command: texts.nullable(),
  entrypoint: texts.nullable(),
  environment: record,
  ports: z.array(portSpec).max(1_000),
  expose: texts,
  mounts: z.array(mount).max(1_000),
  networks: z.array(attachment).max(100),
  networkMode: text.nullable(),
  healthcheck: healthcheck.nullable(),
  user: text.nullable(),
  groupAdd: texts,
  workingDir: text.nullable(),
  hostname: text.nullable(),
  domainname: text.nullable(),
  labels: record,
  stopSignal: text.nullable(),
  init: z.boolean().nullable(),
  tty: z.boolean(),
  stdinOpen: z.boolean(),
  readOnly: z.boolean(),
  privileged: z.boolean(),
  capAdd: texts,
  capDrop: texts,
  securityOpt: texts,
  extraHosts: texts,
  dns: texts,
  dnsSearch: texts,
  dnsOptions: texts,
  devices: texts,
  deviceRequests: z.array(deviceRequest).max(100).exactOptional(),
  engineRuntime: text.exactOptional(),
  pid: text.nullable(),
  ipc: text.nullable(),
  usernsMode: text.nullable(),
  ulimits: z.array(ulimit).max(100),
  sysctls: record,
  logging: z.strictObject({ driver: text, options: record }).nullable(),
  cpus: z.number().nonnegative().nullable(),
  cpuset: text.nullable(),
  cpuShares: count.nullable(),
  pidsLimit: z.int().nullable(),
  shmSize: bytes.nullable(),
  oomScoreAdj: z.int().min(-1_000).max(1_000).nullable(),
  platform: text.nullable(),
});

const protocol = z.enum(['tcp', 'http', 'tls', 'postgres', 'redis']);

const service = z.strictObject({
  project: projectNameSchema,
  name: serviceNameSchema,
  memory,
  priority: z.number().min(0).max(100),
  start: z.enum(['eager', 'on-demand', 'manual']),
  idle: ms.nullable(),
  activation: z.strictObject({
    freezeAfter: ms.nullable(),
    veto: texts.nullable(),
    holdBlocked: z.boolean(),
    readyPath: text.nullable(),
    path: z.enum(['auto', 'splice', 'kernel']),
    protocols: z.record(z.string().regex(/^[1-9]\d{0,4}$/), protocol),
    protocolFrom: z.enum(['person', 'image', 'port']),
  }),
  protocol,
  runtime: z.enum(['node', 'jvm', 'go', 'python', 'postgres', 'redis', 'llm']).nullable(),
  dependsOn: z.array(dependency).max(1_000),
  restart,
  startTimeout: ms,
  stopTimeout: ms,
  container: container.nullable(),
  configHash: text,
});
const network = z.strictObject({
  key: text,
  name: text,
  external: z.boolean(),
  driver: text.nullable(),
  internal: z.boolean(),
  subnets: texts,
  ranges: z.array(z.strictObject({ subnet: text.nullable(), range: text.nullable(), gateway: text.nullable(), aux: record })).optional(),
  reserved: texts.optional(),
  options: record,
  labels: record,
});
const volume = z.strictObject({
  key: text,
  name: text,
  external: z.boolean(),
  driver: text.nullable(),
  options: record,
  labels: record,
});

/** model/spec's ProjectSpec: a project as `up` sends it. A test holds the two equal. */
export const projectSpec = z.strictObject({
  name: projectNameSchema,
  root: text.regex(/^\//),
  profile: text,
  services: z.array(service).max(500),
  networks: z.array(network).max(200),
  volumes: z.array(volume).max(500),
  schedule: z.strictObject({ up: text.nullable(), down: text.nullable() }).nullable(),
  outside: z.array(text).max(200),
  readers: z.record(serviceNameSchema, z.array(text).max(200)),
  folder: text.max(100).optional(),
});

export const namesOfServices = names;
