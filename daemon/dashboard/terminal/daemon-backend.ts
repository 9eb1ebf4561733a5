import type { Client, Mutations } from '../../client/client.js';
import type { Plan } from '../../core/event.js';
import { type Failure, FailureError, failure } from '../../core/failure.js';
import type { Ms } from '../../core/model.js';
import type { WorkLine } from '../../http/contract.js';
import type { Work } from '../input.js';
import type { Backend } from './backend.js';

/** How far back each span looks, and the length of its slots, ms: as many slots as a chart has room for. 0: as it was measured. */
const SPANS = {
  '1m': { back: 60_000, slot: 0 },
  '15m': { back: 900_000, slot: 10_000 },
  '24h': { back: 86_400_000, slot: 600_000 },
} as const;

/** The daemon behind a client. `every`: how often figures come, ms. */
export function daemonBackend(client: Client, every: Ms, shell: Backend['shell']): Backend {
  return {
    shell,
    stream: signal => client.stream({ every, signal }),
    plan: async (work, signal) => planOf(await first(act(client, work, { dryRun: true }, signal))),
    work: async (work, signal) => {
      let last: WorkLine | null = null;
      for await (const line of act(client, work, { wait: true }, signal)) last = line;
      return last?.type === 'result' && !last.ok ? last.error : null;
    },
    history: (id, span) => client.history(id, Date.now() - SPANS[span].back, SPANS[span].slot),
    logs: (project, services, tail, signal) => client.logs(project, { services, follow: true, since: null, tail, signal }),
  };
}

type Manner = { readonly dryRun: true } | { readonly wait: true };

function act(client: Client, { verb, project, services }: Work, manner: Manner, signal: AbortSignal): AsyncGenerator<WorkLine> {
  if (verb === 'down') return client.act(project, verb, manner, signal);
  const body: Mutations['start'] = { services, ...manner };
  return client.act(project, verb, body, signal);
}

async function first(lines: AsyncGenerator<WorkLine>): Promise<WorkLine | null> {
  for await (const line of lines) return line;
  return null;
}

function planOf(line: WorkLine | null): Plan {
  if (line?.type === 'plan') return line.plan;
  const missing: Failure = failure('daemon-unavailable', 'The daemon ended before it answered.');
  throw new FailureError(missing);
}
