import { z } from 'zod';
import { namesOfServices, projectNameSchema, projectSpec } from './spec.js';

const manner = {
  dryRun: z.boolean().optional().describe('Decide only: nothing changes'),
  wait: z.boolean().optional().describe('Answer with NDJSON: the plan, notices, and the result last'),
  settle: z
    .number()
    .min(0)
    .max(60_000)
    .optional()
    .describe('With wait: how long a service that cannot be asked has to run before it counts as up, milliseconds'),
  waitTimeout: z.number().positive().max(86_400_000).nullable().optional().describe('Longest wait in milliseconds'),
};

const leaseId = z
  .string()
  .regex(/^[a-zA-Z0-9-]{8,64}$/)
  .describe('Chosen by the client; the same id is the same lease');
const ttl = z
  .number()
  .positive()
  .max(30 * 86_400_000);

/** The body of each mutation. api/contract has the same as plain types; a test holds them equal. */
export const BODIES = {
  Up: z.strictObject({
    ...manner,
    spec: projectSpec,
    services: namesOfServices.nullable().describe('null: all of the profile'),
    recreate: z.boolean().optional(),
    trust: z.boolean().optional().describe('Accept the risks of exactly this content, now and later'),
  }),
  Down: z.strictObject({ ...manner, volumes: z.boolean().optional() }),
  Services: z.strictObject({ ...manner, services: namesOfServices.describe('Empty: all of the project') }),
  Clean: z.strictObject({ project: projectNameSchema, volumes: z.boolean().optional(), dryRun: z.boolean().optional() }),
  Lease: z.strictObject({
    ...manner,
    id: leaseId,
    services: namesOfServices,
    ttl: ttl.describe('Milliseconds until it ends unless it is renewed'),
    note: z.string().max(200).describe('The holder, for people'),
  }),
  Pin: z.strictObject({
    ...manner,
    services: namesOfServices,
    ttl: ttl.nullable().optional().describe('Milliseconds; null: until it is taken away'),
  }),
  Renew: z.strictObject({ id: leaseId, ttl }),
  Release: z.strictObject({ id: leaseId }),
  SetBudget: z.strictObject({ bytes: z.int().positive().nullable().describe('null: the usual one'), dryRun: z.boolean().optional() }),
  OpenWeb: z.strictObject({ port: z.int().min(1).max(65_535).nullable().optional().describe('null or absent: a free one') }),
  Empty: z.strictObject({}),
} as const;
