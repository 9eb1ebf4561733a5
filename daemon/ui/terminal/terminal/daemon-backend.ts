import type { WorkLine } from '../../../api/contract.js';
import type { Plan } from '../../../api/plan.js';
import type { Client, Mutations } from '../../../client/client.js';
import { type Failure, FailureError, failure } from '../../../shared/failure.js';
import type { Ms } from '../../../shared/span.js';
import type { DashboardAction } from '../input.js';
import type { Backend } from './backend.js';

/** The daemon behind a client. `every`: how often figures come, ms. */
export function daemonBackend(client: Client, every: Ms, shell: Backend['shell']): Backend {
  return {
    shell,
    stream: signal => client.stream({ every, signal }),
    plan: async (action, signal) => planOf(await first(act(client, action, { dryRun: true }, signal))),
    act: async (action, signal) => {
      let last: WorkLine | null = null;
      for await (const line of act(client, action, { wait: true }, signal)) last = line;
      return last?.type === 'result' && !last.ok ? last.error : null;
    },
    history: (project, service, span) => client.history(project, service, { span }),
    logs: (project, services, tail, signal) => client.logs(project, { services, follow: true, since: null, tail, signal }),
  };
}

type Manner = { readonly dryRun: true } | { readonly wait: true };

function act(client: Client, { verb, project, services }: DashboardAction, manner: Manner, signal: AbortSignal): AsyncGenerator<WorkLine> {
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
