import { z } from 'zod';
import { parseBytes } from '../../shared/bytes.js';
import { PROFILE_DURATION, parseDuration } from '../../shared/duration.js';
import { NAME, NAME_RULE, SERVICE_NAME, SERVICE_NAME_RULE } from '../../shared/names.js';
import { cron } from './cron.js';
import { LEAST_MEMORY, SIZE } from './units.js';

/*
 * The one description of a profile file: validation, types and profiles/schema.json come from it. The `error` of each
 * schema says what is expected; issues.ts adds what was found, where, and the nearest known name.
 */

const WEEK = 7 * 24 * 3_600_000;

const sizeError = 'a size such as 256MB or 1.5GiB';
const size = z
  .union([z.string().regex(SIZE, { error: sizeError }), z.int({ error: sizeError })], { error: sizeError })
  .transform(value => parseBytes(String(value)) ?? 0)
  .refine(bytes => bytes >= LEAST_MEMORY, { error: "at least 6MB, the engine's own minimum (a bare number counts bytes)" });

const durationError = 'a duration such as 90s, 10m or 1h30m';
const duration = z
  .string({ error: durationError })
  .regex(PROFILE_DURATION, { error: durationError })
  .transform(text => parseDuration(text, 'profile') ?? -1)
  .refine(ms => ms >= 0 && ms <= WEEK, { error: 'at most a week (168h)' });

const spanError = `${durationError}, or never`;
const span = z
  .string({ error: spanError })
  .regex(new RegExp(`${PROFILE_DURATION.source}|^never$`), { error: spanError })
  .transform(text => (text === 'never' ? null : (parseDuration(text, 'profile') ?? -1)))
  .refine(ms => ms === null || (ms >= 1000 && ms <= WEEK), { error: 'between 1s and a week (168h), or never' });

const vetoError = 'a command as a list of words, or text for the shell';
const word = z.string({ error: 'a word' }).max(4096, { error: 'at most 4096 characters' });
const veto = z
  .union([word.min(1, { error: vetoError }), z.array(word, { error: vetoError }).max(64, { error: 'at most 64 words' })], {
    error: vetoError,
  })
  .transform((value): readonly string[] | null => {
    if (typeof value === 'string') return ['/bin/sh', '-c', value];
    return value.length > 0 ? value : null;
  });

const idleMap = z.strictObject(
  {
    freezeAfter: span.optional().describe('Pause it after this long without use: it keeps its memory and wakes within milliseconds'),
    stopAfter: span.optional().describe('Stop it after this long without use, or never'),
    veto: veto.optional().describe('A command in the container: while it fails, the service is not stopped. []: none'),
  },
  { error: 'a map with freezeAfter, stopAfter and veto' },
);
/** The value of `idle` in either form. An absent key leaves the value to the next source; null is `never` or no veto. */
type Idle = z.output<typeof idleMap>;
/** `never` alone means neither stopped nor frozen, also where a profile that it extends has a freezeAfter; a time alone leaves that as it is. */
const idleText = span.transform((stopAfter): Idle => (stopAfter === null ? { stopAfter, freezeAfter: null } : { stopAfter }));
const idle = z.union([idleText, idleMap], { error: `${durationError}, never, or a map with freezeAfter, stopAfter and veto` });

const readyError = 'a path that begins with /, as /health/ready';
const ready = z
  .string({ error: readyError })
  .regex(/^\/[!-~]*$/, { error: readyError })
  .max(2048, { error: 'at most 2048 characters' });

const choice = <const T extends readonly [string, ...string[]]>(...values: T) => z.enum(values, { error: `one of ${values.join(', ')}` });

const protocol = choice('tcp', 'http', 'tls', 'postgres', 'redis');
const portError = 'the number of a port in the container, 1 to 65535';
const portSchema = z.strictObject({ protocol: protocol.optional().describe('What is spoken there') }, { error: 'a map with protocol' });
const ports = z
  .record(z.string().regex(/^[1-9]\d{0,4}$/, { error: portError }), portSchema, { error: 'a map of container ports' })
  .refine(value => Object.keys(value).every(port => Number(port) <= 65_535), { error: portError });

const memorySchema = z
  .strictObject(
    {
      standard: size.optional().describe('What the service normally needs; reserved before it starts'),
      maximum: size.optional().describe('The most it may ever hold: the hard limit'),
      guessed: z
        .boolean({ error: 'true or false' })
        .optional()
        .describe('The figures are a starting point: they grow with what is used while the budget has room. Without it they are limits'),
    },
    { error: 'a map with standard and maximum' },
  )
  .describe('Memory of the service; MB and MiB both mean 1,048,576 bytes');

/** The settings of one service in a profile, and the content of `x-laptop-dev` in a Compose file. Absent keys leave the value to the next source. */
export const serviceSchema = z
  .strictObject(
    {
      memory: memorySchema.optional(),
      priority: z
        .int({ error: 'a whole number from 0 to 100' })
        .min(0, { error: 'a whole number from 0 to 100' })
        .max(100, { error: 'a whole number from 0 to 100' })
        .optional()
        .describe('Higher stays longer when memory is short'),
      start: choice('eager', 'on-demand', 'manual')
        .optional()
        .describe('eager: with the profile. on-demand: when a client connects or a dependant starts. manual: when named'),
      idle: idle.optional().describe('Stop after this long without use, or never; the map can freeze it first'),
      protocol: protocol.optional().describe('How readiness, refusals and use are recognised, at ports that are not in ports'),
      ports: ports.optional().describe('What single ports speak, by their number in the container, as 2525: { protocol: tcp }'),
      runtime: choice('node', 'jvm', 'go', 'python', 'postgres', 'redis', 'llm', 'none')
        .optional()
        .describe('Fits the process to its memory; none: leave it alone'),
      ready: ready.optional().describe('protocol http or tls: what is asked for to see that it is ready'),
      hold_blocked: z
        .boolean({ error: 'true or false' })
        .optional()
        .describe('protocol redis: a blocked command (BLPOP, a subscription) keeps it awake'),
      path: choice('auto', 'splice', 'kernel')
        .optional()
        .describe('How bytes travel while it is awake. splice: through the daemon. kernel: past it. auto: kernel where it can'),
      start_timeout: duration.optional().describe('From the start of the container until it must be healthy'),
      stop_timeout: duration.optional().describe('From the stop signal until the kill'),
    },
    { error: 'a map of settings' },
  )
  .describe('Settings of one service');

const name = z.string({ error: NAME_RULE }).regex(NAME, { error: NAME_RULE });
const serviceName = z.string({ error: SERVICE_NAME_RULE }).regex(SERVICE_NAME, { error: SERVICE_NAME_RULE });
const listOf = <T extends z.ZodType<string>>(item: T, error: string) =>
  z.union([item, z.array(item, { error }).min(1, { error }).max(16, { error: 'at most 16' })], { error });

const scheduleSchema = z
  .strictObject({ up: cron.optional(), down: cron.optional() }, { error: 'a map with up and down' })
  .describe(
    'Running hours: cron expressions, local time, as 0 9 * * 1-5 (minute hour day month weekday); never takes an inherited one away',
  );

export const profileSchema = z
  .strictObject(
    {
      name: name.optional().describe("The profile's name: that of its file without .yaml"),
      description: z.string({ error: 'one line of text' }).max(200, { error: 'at most 200 characters' }).optional(),
      extends: listOf(name, 'the name of a profile or a list of names').optional().describe('Profiles to build on; keys of this file win'),
      compose: listOf(z.string({ error: 'a path' }).min(1, { error: 'a path' }), 'a path of a Compose file or a list of paths')
        .optional()
        .describe('Compose files, merged in this order; relative to this file. Absent: the usual names in the folder of the project'),
      services: z
        .record(serviceName, serviceSchema.nullable(), { error: 'a map of services' })
        .optional()
        .describe('The services of the profile; others of the Compose file start only when named'),
      schedule: scheduleSchema.optional(),
    },
    { error: 'a map with name, services …' },
  )
  .describe('A laptop-dev profile');

export type ServiceSettings = z.output<typeof serviceSchema>;

export type ScheduleSettings = z.output<typeof scheduleSchema>;

/** Keys known at a path of a profile (`['services', 'api', 'memory']`), for "did you mean". */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return Object.keys(profileSchema.shape);
  if (path[0] === 'schedule') return Object.keys(scheduleSchema.shape);
  if (path[0] !== 'services') return [];
  return serviceKeys(path.slice(2));
}

export function serviceKeys(path: readonly PropertyKey[]): string[] {
  if (path[0] === 'idle') return Object.keys(idleMap.shape);
  if (path[0] === 'ports') return path.length > 1 ? Object.keys(portSchema.shape) : [];
  return Object.keys(path[0] === 'memory' ? memorySchema.shape : serviceSchema.shape);
}

/** The text of profiles/schema.json: editors check profiles by it as they are typed. */
export function profileJsonSchema(): string {
  const schema = z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-07' });
  return `${JSON.stringify({ ...schema, title: 'laptop-dev profile' }, null, 2)}\n`;
}
