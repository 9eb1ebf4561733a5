import { z } from 'zod';

const bytes = z.int().nonnegative().describe('Bytes');
const epoch = z.number().describe('Milliseconds since the epoch');
const id = z.string().describe('PROJECT/SERVICE');

const failure = z.strictObject({
  code: z.string().describe('See docs/errors.md'),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
  remedies: z.array(z.string()),
});
const state = z.enum(['asleep', 'starting', 'running', 'frozen', 'stopping', 'stopped', 'failed']);
const port = z.strictObject({ hostIp: z.string(), host: z.int(), container: z.int(), protocol: z.enum(['tcp', 'udp']) });
export const service = z.strictObject({
  project: z.string(),
  name: z.string(),
  profile: z.string(),
  runtime: z.string().nullable().describe('As its profile says'),
  state,
  health: z.enum(['healthy', 'unhealthy', 'starting', 'none']),
  ready: z.enum(['probed', 'unprobed', 'unready']).nullable().describe('Whether it was asked since it began to run; null: it does not run'),
  ports: z.array(port).describe('Where people connect'),
  enginePorts: z.array(port).describe('Where the daemon reaches it; they change with each start'),
  speaks: z
    .array(
      z.strictObject({
        port: z.int().describe('Of the container'),
        protocol: z.enum(['tcp', 'http', 'tls', 'postgres', 'redis']),
        source: z.enum(['written', 'known', 'seen', 'guessed']),
      }),
    )
    .describe('What each of its TCP ports speaks, and how that is known'),
  memory: z.strictObject({
    standard: bytes,
    grant: bytes,
    maximum: bytes,
    workingSet: bytes.nullable(),
    guessed: z.boolean().optional().describe('No file names standard and maximum: they grow while the budget has room'),
  }),
  stopsIn: z.number().nullable().describe('Milliseconds'),
  why: z.string(),
  container: z.string().nullable(),
  dependsOn: z.array(z.string()),
  loading: z.object({ model: z.string(), share: z.number() }).nullable(),
  crashes: z.int(),
  ooms: z.int(),
});
export const notice = z.strictObject({
  seq: z.int(),
  at: epoch,
  project: z.string(),
  service: z.string().nullable(),
  level: z.enum(['info', 'warn', 'error']),
  kind: z.string(),
  data: z.looseObject({}).optional().describe('What the kind carries: figures, names, and a reason where a kind has several'),
  text: z.string().describe('The same as a sentence, for people'),
});
const plan = z.strictObject({
  starts: z.array(z.strictObject({ id, grant: bytes, standard: bytes, recreate: z.boolean() })),
  keeps: z.array(id),
  stops: z.array(id),
  sleeps: z.array(id),
  evicts: z.array(id),
  shrinks: z.array(z.strictObject({ id, to: bytes, frees: bytes })),
  budget: bytes,
  grantedBefore: bytes,
  grantedAfter: bytes,
  warnings: z.array(failure).optional(),
});
const holder = z.strictObject({
  project: z.string(),
  service: z.string(),
  state,
  standard: bytes,
  grant: bytes,
  maximum: bytes,
  workingSet: bytes.nullable(),
});
const figures = { standard: bytes, maximum: bytes };
const advice = z.strictObject({
  project: z.string(),
  service: z.string(),
  current: z.strictObject(figures),
  ...figures,
  samples: z.int().describe('Minutes that it rests on'),
  days: z.number().describe('From the first of them to the last'),
  measured: z.number().describe('Milliseconds in which the service ran and was measured'),
  needed: z.number().describe('Milliseconds that have to be measured before the advice is worth following'),
  enough: z.boolean(),
  saves: z.int().describe('Bytes less to reserve than now; negative: more'),
});
const names = z.array(z.string());
const engine = z.strictObject({
  kind: z.enum(['docker', 'podman']),
  version: z.string(),
  apiVersion: z.string(),
  cgroupVersion: z.enum(['1', '2']),
  memoryTotal: bytes,
  endpoint: z.string(),
  warnings: names,
});

/** `data` of the answers, and the lines of the streams: for the API's description. The daemon's own types (contract, api/views) are the source. */
export const ANSWERS = {
  Version: z.strictObject({
    version: z.string(),
    pid: z.int(),
    instance: z.string(),
    startedAt: epoch,
    engine: engine.nullable(),
  }),
  Projects: z.array(z.strictObject({ name: z.string(), root: z.string(), profile: z.string() })),
  ServiceViews: z.array(service),
  Budget: z.strictObject({
    budget: bytes,
    granted: bytes,
    standard: bytes,
    workingSet: bytes,
    hostTotal: bytes,
    hostAvailable: bytes,
    holders: z.array(holder),
  }),
  Leases: z.array(
    z.strictObject({
      id: z.string(),
      project: z.string(),
      services: names,
      holder: z.enum(['pin', 'client']),
      note: z.string(),
      remaining: z.number().nullable().describe('Milliseconds; null: until it is released'),
    }),
  ),
  Advice: z.array(advice),
  Notice: notice,
  Why: z.strictObject({ service, notices: z.array(notice) }),
  Accepted: z.strictObject({ plan }),
  WorkLine: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('plan'), plan }),
    z.strictObject({ type: z.literal('notice'), notice }),
    z.strictObject({ type: z.literal('result'), ok: z.boolean(), services: z.array(service), error: failure.optional() }),
  ]),
  LogEntry: z.strictObject({ service: z.string(), stream: z.enum(['stdout', 'stderr', 'notice']), at: epoch, text: z.string() }),
  Cleaned: z.strictObject({ containers: names, networks: names, volumes: names }),
  WebOpened: z.strictObject({
    url: z.string().describe('A link that can be opened once'),
    port: z.int(),
    expiresIn: z.number().describe('Milliseconds'),
  }),
  WebClosed: z.strictObject({ closed: z.boolean().describe('Whether it was open') }),
  Done: z.strictObject({}),
  Failure: failure,
} as const;
