import { z } from 'zod';
import { notice, service } from './answers.js';

const bytes = z.int().nonnegative().describe('Bytes');
const epoch = z.number().describe('Milliseconds since the epoch');
const rate = z.number().nullable().describe('Bytes a second; null: not known');
const percent = z.number().nullable().describe('% of one core; null: not known');
const psi = z
  .strictObject({ some10: z.number(), full10: z.number() })
  .nullable()
  .describe('Pressure stall information, % of the last 10 s');
const id = z.templateLiteral([z.string(), '/', z.string()]).describe('PROJECT/SERVICE');

const usage = z.strictObject({
  workingSet: bytes,
  usage: bytes.nullable().describe('With the file cache: what the OOM killer acts on'),
  cpu: percent,
  netIn: rate,
  netOut: rate,
  blockIn: rate,
  blockOut: rate,
  pids: z.int().nullable(),
  psi,
});
const liveService = service.extend({
  id,
  usage: usage.nullable().describe('null: it does not run, or has not been measured'),
  connections: z.int(),
  next: z.strictObject({ rank: z.int(), frees: bytes }).nullable().describe('Its place among those that go under pressure; first: 1'),
  protectedBy: z.string().nullable(),
  pinned: z.boolean(),
  since: epoch.nullable(),
  address: z.string().nullable(),
});
const daemon = z.strictObject({ version: z.string(), pid: z.int(), instance: z.string(), startedAt: epoch, rss: bytes, cpu: percent });
const engine = z.strictObject({ kind: z.enum(['docker', 'podman']), version: z.string() }).nullable();
const machine = z.strictObject({
  name: z.string().describe('Of the process of Windows that holds its memory'),
  memory: bytes.nullable().describe('Its working set; null: Windows lists it without'),
  since: epoch.nullable(),
});
const windows = z.strictObject({ at: epoch, total: bytes, free: bytes, machines: z.array(machine) });
const host = z.strictObject({
  total: bytes,
  available: bytes,
  swapTotal: bytes,
  swapFree: bytes,
  cores: z.int(),
  cpu: z.number().nullable().describe('% of all cores; null: seen once only'),
  load: z.tuple([z.number(), z.number(), z.number()]).describe('Of 1, 5 and 15 minutes'),
  psi,
  pressure: z.enum(['none', 'soft', 'hard']),
  wsl: z.boolean(),
  windows: windows.optional().describe('What Windows sees of itself and of WSL. Absent: no WSL2, not asked yet, or not answered'),
  windowsFault: z.string().optional().describe('Why Windows could not be asked last'),
});
const budget = z.strictObject({ budget: bytes, granted: bytes, standard: bytes, workingSet: bytes });
const projects = z.array(z.strictObject({ name: z.string(), root: z.string(), profile: z.string() }));
const live = z.strictObject({ at: epoch, daemon, engine, host, budget, projects, services: z.array(liveService) });
const delta = z.strictObject({
  at: epoch,
  daemon: daemon.optional(),
  engine: engine.optional(),
  host: host.optional(),
  budget: budget.optional(),
  projects: projects.optional(),
  services: z
    .array(liveService.partial().required({ id: true }))
    .optional()
    .describe('Of each the fields that changed; all of a new one'),
  removed: z.array(id).optional(),
});
const seq = z.int().describe('Counts the frames of a connection from 1, without gaps');

const historySpan = z.strictObject({
  slot: z.number().describe('Length of a slot in milliseconds; 0: entries are moments'),
  entries: z.array(z.strictObject({ at: epoch, workingSet: bytes, peak: bytes, cpu: percent })).describe('Oldest first'),
});

const streamFrame = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('snapshot'),
    seq,
    every: z.number().describe('Milliseconds'),
    live,
    notices: z.array(notice),
    recent: z.record(z.string(), historySpan).describe('The last minute, by service'),
  }),
  z.strictObject({ type: z.literal('delta'), seq, live: delta }),
  z.strictObject({ type: z.literal('notice'), seq, notice }),
  z.strictObject({ type: z.literal('heartbeat'), seq, at: epoch }),
]);

/** What tells of use: a service's history, and the text frames of /v1/stream. The types in api/live are the source; a test ties the two. */
export const LIVE_ANSWERS = { HistorySpan: historySpan, StreamFrame: streamFrame } as const;
